package codegen

import "github.com/mlmd-go/sdk/gen/internal/spec"

// A Report is an error for other programs.
type Report struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"` // from one; 0 for a file as a whole
	Column  int    `json:"column,omitempty"`
	Path    string `json:"path,omitempty"` // the subject in the spec
	Message string `json:"message"`
	Fix     string `json:"fix,omitempty"`
}

// Reports returns problems for other programs.
func Reports(ps Problems) []Report {
	out := make([]Report, len(ps))
	for i, p := range ps {
		out[i] = reportOf(p)
	}
	return out
}

func reportOf(p spec.Problem) Report {
	return Report{File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Col, Path: p.Path, Message: p.Msg, Fix: p.Fix}
}
