package registry

import (
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A repeatRule says when a call may be sent a second time although the first
// may have been carried out.
type repeatRule struct {
	calls string             // names of RPCs, with blanks between; Get… stands for all that begin so
	safe  func(req any) bool // reports whether the request may be sent again; nil: always
	when  string             // the same for people
	why   string
}

// repeatRules has a rule for every RPC of the service. The table in
// docs/connections.md is made from it.
var repeatRules = []repeatRule{
	{
		calls: "Get…", when: "always",
		why: "It reads.",
	},
	{
		calls: "PutArtifactType PutExecutionType PutContextType PutTypes", when: "always",
		why: "A type that is stored is left as it is, and its id is the answer.",
	},
	{
		calls: "PutAttributionsAndAssociations", when: "always",
		why: "A link that is stored is left as it is.",
	},
	{
		calls: "PutParentContexts", when: "always",
		why: "A link that is stored is refused with ALREADY_EXISTS, which the client takes for success.",
	},
	{
		calls: "PutContexts PutArtifacts PutExecutions", safe: identified,
		when: "if every node has an id, a name or an external id",
		why: "By its id a node gets the same values again. One that was created is refused with ALREADY_EXISTS; " +
			"Upsert and Replace then look it up and finish.",
	},
	{
		calls: "PutExecution PutLineageSubgraph", safe: identified,
		when: "if that is so, and there are no events",
		why:  "As above; the call is one transaction. Events have nothing that tells them apart, so they would be stored twice.",
	},
	{
		calls: "PutEvents", safe: func(any) bool { return false }, when: "never",
		why: "Events would be stored twice.",
	},
}

// mayRepeat reports whether the request may be sent again although the store
// may have carried it out.
func mayRepeat(method string, req any) bool {
	name := method[strings.LastIndexByte(method, '/')+1:]
	for _, r := range repeatRules {
		if r.covers(name) {
			return r.safe == nil || r.safe(req)
		}
	}
	return false
}

// covers reports whether the rule is that of the RPC with the given name.
func (r repeatRule) covers(name string) bool {
	for call := range strings.FieldsSeq(r.calls) {
		if prefix, ok := strings.CutSuffix(call, "…"); call == name || ok && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// identified reports whether nothing that the request creates would be there
// twice if the request were carried out twice.
func identified(req any) bool {
	switch r := req.(type) {
	case *mlmdpb.PutContextsRequest:
		return haveIdentity(r.GetContexts())
	case *mlmdpb.PutArtifactsRequest:
		return haveIdentity(r.GetArtifacts()) && !r.GetOptions().GetAbortIfLatestUpdatedTimeChanged()
	case *mlmdpb.PutExecutionsRequest:
		return haveIdentity(r.GetExecutions())
	case *mlmdpb.PutExecutionRequest:
		return haveIdentity([]*mlmdpb.Execution{r.GetExecution()}) && haveIdentity(r.GetContexts()) &&
			len(r.GetArtifactEventPairs()) == 0
	case *mlmdpb.PutLineageSubgraphRequest:
		return haveIdentity(r.GetArtifacts()) && haveIdentity(r.GetExecutions()) && haveIdentity(r.GetContexts()) &&
			len(r.GetEventEdges()) == 0
	}
	return false
}

func haveIdentity[N interface {
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
