package registry

import (
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A retryRule says when a call may be sent a second time although the first
// may have been carried out.
type retryRule struct {
	calls     string             // names of RPCs, with blanks between; Get… stands for all that begin so
	safe      func(req any) bool // reports whether the request may be sent again; nil: always
	condition string             // the same for people
	why       string
}

// retryRules has a rule for every RPC of the service. The table in
// docs/connections.md is made from it.
var retryRules = []retryRule{
	{
		calls: "Get…", condition: "always",
		why: "It reads.",
	},
	{
		calls: "PutArtifactType PutExecutionType PutContextType PutTypes", condition: "always",
		why: "A type that is stored is left as it is, and its id is the answer.",
	},
	{
		calls: "PutAttributionsAndAssociations", condition: "always",
		why: "A link that is stored is left as it is.",
	},
	{
		calls: "PutParentContexts", condition: "always",
		why: "A link that is stored is refused with ALREADY_EXISTS, which the client takes for success.",
	},
	{
		calls: "PutContexts PutArtifacts PutExecutions", safe: isIdempotent,
		condition: "if every node has an id, a name or an external id",
		why: "By its id a node gets the same values again. One that was created is refused with ALREADY_EXISTS; " +
			"Upsert and Replace then look it up and finish.",
	},
	{
		calls: "PutExecution PutLineageSubgraph", safe: isIdempotent,
		condition: "if that is so, and there are no events",
		why:       "As above; the call is one transaction. Events have nothing that tells them apart, so they would be stored twice.",
	},
	{
		calls: "PutEvents", safe: func(any) bool { return false }, condition: "never",
		why: "Events would be stored twice.",
	},
}

// mayRetry reports whether the request may be sent again although the store
// may have carried it out.
func mayRetry(method string, req any) bool {
	name := method[strings.LastIndexByte(method, '/')+1:]
	for _, r := range retryRules {
		if r.covers(name) {
			return r.safe == nil || r.safe(req)
		}
	}
	return false
}

// covers reports whether the rule is that of the RPC with the given name.
func (r retryRule) covers(name string) bool {
	for call := range strings.FieldsSeq(r.calls) {
		if prefix, ok := strings.CutSuffix(call, "…"); call == name || ok && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// isIdempotent reports whether nothing that the request creates would be there
// twice if the request were carried out twice.
func isIdempotent(req any) bool {
	switch r := req.(type) {
	case *mlmdpb.PutContextsRequest:
		return allIdentified(r.GetContexts())
	case *mlmdpb.PutArtifactsRequest:
		return allIdentified(r.GetArtifacts()) && !r.GetOptions().GetAbortIfLatestUpdatedTimeChanged()
	case *mlmdpb.PutExecutionsRequest:
		return allIdentified(r.GetExecutions())
	case *mlmdpb.PutExecutionRequest:
		return allIdentified([]*mlmdpb.Execution{r.GetExecution()}) && allIdentified(r.GetContexts()) &&
			len(r.GetArtifactEventPairs()) == 0
	case *mlmdpb.PutLineageSubgraphRequest:
		return allIdentified(r.GetArtifacts()) && allIdentified(r.GetExecutions()) && allIdentified(r.GetContexts()) &&
			len(r.GetEventEdges()) == 0
	}
	return false
}

func allIdentified[N interface {
	GetId() int64
	GetName() string
	GetExternalId() string
}](nodes []N) bool {
	for _, n := range nodes {
		if n.GetId() == 0 && n.GetName() == "" && n.GetExternalId() == "" {
			return false
		}
	}
	return true
}
