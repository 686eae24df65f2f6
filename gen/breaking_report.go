package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/codegen"
	"github.com/mlmd-go/sdk/gen/internal/config"
)

// A report is what gen breaking prints.
type report struct {
	against  string
	breaks   []codegen.Break
	prefix   string // of the root of the module in its repository; may be empty
	accepted string // the file of accepted changes
}

func newReport(ctx context.Context, cfg config.Config, against string, breaks []codegen.Break) report {
	prefix, err := runGit(ctx, cfg.Root, "rev-parse", "--show-prefix")
	if err != nil { // no repository: files are named as they are
		prefix = nil
	}
	return report{against, breaks, strings.TrimSpace(string(prefix)), cfg.Accepted}
}

// formats are the forms of a report.
var formats = map[string]func(io.Writer, report) error{
	"text": printText, "json": printJSON, "sarif": printSARIF, "github": printGitHub,
}

func formatNames() []string { return slices.Sorted(maps.Keys(formats)) }

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func printJSON(w io.Writer, r report) error {
	return encodeJSON(w, append([]codegen.Break{}, r.breaks...)) // [], not null
}

func printText(w io.Writer, r report) error {
	for _, b := range r.breaks {
		if _, err := fmt.Fprintln(w, b); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, r.summary())
	return err
}

// summary counts the breaks in one line.
func (r report) summary() string {
	var refused, stale, accepted, missing, warnings int
	for _, b := range r.breaks {
		switch {
		case b.Accepted != nil:
			accepted++
		case b.NotStored():
			missing++
		case b.Warning:
			warnings++
		case b.Rule == codegen.AcceptedWithoutChange:
			stale++
		default:
			refused++
		}
	}
	out := "nothing breaks against " + r.against
	if refused > 0 {
		out = fmt.Sprintf("breaking changes against %s: %d", r.against, refused)
	}
	for _, c := range []struct {
		what string
		n    int
	}{{"accepted", accepted}, {"accepted without a change", stale}, {"not stored", missing}, {"warnings", warnings}} {
		if c.n > 0 {
			out += fmt.Sprintf("; %s: %d", c.what, c.n)
		}
	}
	return out
}

// where returns the file of b in the repository, and whether the place of b is in
// it as it is now.
func (r report) where(b codegen.Break) (file string, now bool) {
	return path.Join(r.prefix, b.File), !b.Old
}

// remark returns the text of b for formats that have a place of their own for the
// rule and the position.
func (r report) remark(b codegen.Break) string {
	text := b.Path + ": " + b.Message + b.Count()
	if b.Old {
		text += fmt.Sprintf(" (line %d of %s)", b.Line, r.against)
	}
	if b.Accepted != nil {
		return text + fmt.Sprintf("\naccepted since %s: %s", b.Accepted.Since, b.Accepted.Reason)
	}
	return text + "\nwhy: " + b.Why + "\ninstead: " + b.Instead
}

// Escapes of GitHub's workflow commands: of a message, and of a property.
var (
	escapeMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// printGitHub prints annotations for a workflow of GitHub, which shows them beside
// the lines of a pull request.
func printGitHub(w io.Writer, r report) error {
	for _, b := range r.breaks {
		command := "error"
		switch {
		case b.Accepted != nil, b.NotStored():
			command = "notice"
		case b.Warning:
			command = "warning"
		}
		file, now := r.where(b)
		at := "file=" + escapeProperty.Replace(file)
		if now {
			at += fmt.Sprintf(",line=%d,col=%d", b.Line, b.Column)
		}
		_, err := fmt.Fprintf(w, "::%s %s,title=%s::%s\n", command, at, escapeProperty.Replace(b.Rule),
			escapeMessage.Replace(r.remark(b)))
		if err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, r.summary())
	return err
}

// The part of SARIF 2.1.0 that is printed: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID              string      `json:"id"`
		FullDescription sarifText   `json:"fullDescription"`
		Help            sarifText   `json:"help"`
		Configuration   sarifConfig `json:"defaultConfiguration"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Suppressions []sarifSuppression `json:"suppressions"` // empty: refused
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
)

// printSARIF prints a log in the format that code scanners share. Accepted changes
// are suppressed results.
func printSARIF(w io.Writer, r report) error {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "mlmd-go gen breaking", InformationURI: "https://github.com/mlmd-go/sdk", Rules: []sarifRule{},
		}},
		ColumnKind: "unicodeCodePoints", Results: []sarifResult{},
	}
	index := map[string]int{}
	for _, b := range r.breaks {
		level := "error"
		if b.Warning {
			level = "warning"
		}
		configured := level
		if b.NotStored() {
			level = "note"
		}
		rules := &run.Tool.Driver.Rules
		if _, ok := index[b.Rule]; !ok {
			index[b.Rule] = len(*rules)
			*rules = append(*rules, sarifRule{b.Rule, sarifText{b.Why}, sarifText{b.Instead}, sarifConfig{configured}})
		}
		file, now := r.where(b)
		l := sarifLocation{Physical: sarifPhysical{
			Artifact: sarifArtifact{(&url.URL{Path: file}).EscapedPath(), "%SRCROOT%"},
		}}
		if b.Path != "" {
			l.Logical = []sarifLogical{{b.Path}}
		}
		if now {
			l.Physical.Region = &sarifRegion{b.Line, b.Column}
		}
		result := sarifResult{
			RuleID: b.Rule, RuleIndex: index[b.Rule], Level: level, Message: sarifText{r.remark(b)},
			Locations: []sarifLocation{l}, Suppressions: []sarifSuppression{},
		}
		if a := b.Accepted; a != nil {
			kind := "inSource"
			if a.File == r.accepted {
				kind = "external"
			}
			result.Suppressions = append(result.Suppressions,
				sarifSuppression{kind, "accepted", "since " + a.Since + ": " + a.Reason})
		}
		run.Results = append(run.Results, result)
	}
	return encodeJSON(w, sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}
