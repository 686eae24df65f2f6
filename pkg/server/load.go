package server

import "github.com/mlmd-go/sdk/internal/admission"

// Load is how many requests of a kind run and wait, see [WithConcurrency].
type Load struct {
	Kind             string // point, list, filter, lineage or write
	Running, Waiting int
}

// Load returns the present load of each kind. Without limits, all are 0.
func (s *Server) Load() []Load {
	kinds := map[admission.Class]string{
		admission.Point: "point", admission.List: "list", admission.Filter: "filter",
		admission.Lineage: "lineage", admission.Write: "write",
	}
	all := make([]Load, 0, len(kinds))
	for class, kind := range kinds {
		running, waiting := s.limits.Load(class)
		all = append(all, Load{kind, running, waiting})
	}
	return all
}
