package connection

import (
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A retryRule defines when a call may be repeated although the store may have
// executed it.
type retryRule struct {
	calls     string             // names of RPCs, separated by spaces; Get… stands for all that begin with Get
	safe      func(req any) bool // reports whether the request may be repeated; nil for always
	condition string             // the same, for docs/connections.md
	why       string
}

// retryRules has a rule for each RPC. The table in docs/connections.md lists them.
var retryRules = []retryRule{
	{
		calls: "Get…", condition: "always",
		why: "It reads.",
	},
	{
		calls: "PutArtifactType PutExecutionType PutContextType PutTypes", condition: "always",
		why: "A stored type is not changed, and its ID is returned.",
	},
	{
		calls: "PutAttributionsAndAssociations", condition: "always",
		why: "A stored link is not changed.",
	},
	{
		calls: "PutParentContexts", condition: "always",
		why: "A stored link is rejected with ALREADY_EXISTS, which the client treats as success.",
	},
	{
		calls: "PutContexts PutArtifacts PutExecutions", safe: isIdempotent,
		condition: "if each node has an ID, a name or an external ID",
		why: "A node with an ID gets the same values again. One that was created is rejected with ALREADY_EXISTS; " +
			"Upsert and Replace then look it up and continue.",
	},
	{
		calls: "PutExecution PutLineageSubgraph", safe: isIdempotent,
		condition: "if each node has an ID, a name or an external ID, and there are no events",
		why: "The nodes are safe as in PutContexts, and the call is one transaction. " +
			"Repeated events would be stored twice, because nothing identifies them.",
	},
	{
		calls: "PutEvents", safe: func(any) bool { return false }, condition: "never",
		why: "Events would be stored twice.",
	},
}

// MayRetry reports whether the request may be repeated although the store may
// have executed it.
func MayRetry(method string, req any) bool {
	name := method[strings.LastIndexByte(method, '/')+1:]
	for _, r := range retryRules {
		if r.covers(name) {
			return r.safe == nil || r.safe(req)
		}
	}
	return false
}

// covers reports whether r is the rule of the RPC with the given name.
func (r retryRule) covers(name string) bool {
	for call := range strings.FieldsSeq(r.calls) {
		if prefix, ok := strings.CutSuffix(call, "…"); call == name || ok && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// isIdempotent reports whether executing the request twice creates nothing twice.
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
