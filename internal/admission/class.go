package admission

import (
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// ClassOf returns the class of a call by its method, such as
// "/ml_metadata.MetadataStoreService/GetArtifacts". A list counts as one without a
// filter, because the request is not known yet; see [HasFilter].
func ClassOf(method string) Class {
	name := method[strings.LastIndexByte(method, '/')+1:]
	switch {
	case strings.HasPrefix(name, "Put"):
		return Write
	case strings.Contains(name, "Lineage"):
		return Lineage
	case lists[name]:
		return List
	}
	return Point
}

// lists has the RPCs whose replies may hold any number of nodes.
var lists = map[string]bool{
	"GetArtifacts":                 true,
	"GetArtifactsByContext":        true,
	"GetArtifactsByType":           true,
	"GetArtifactsByURI":            true,
	"GetChildrenContextsByContext": true,
	"GetContexts":                  true,
	"GetContextsByType":            true,
	"GetEventsByArtifactIDs":       true,
	"GetEventsByExecutionIDs":      true,
	"GetExecutions":                true,
	"GetExecutionsByContext":       true,
	"GetExecutionsByType":          true,
}

// HasFilter reports whether the request is a list with a filter.
func HasFilter(req any) bool {
	r, ok := req.(interface {
		GetOptions() *mlmdpb.ListOperationOptions
	})
	return ok && r.GetOptions().GetFilterQuery() != ""
}
