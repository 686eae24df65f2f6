package auth

import (
	"net/http"
	"strings"
)

// rpcRoles has the RPCs of the MLMD service by the role that they require.
var rpcRoles = map[Role]string{
	Read: `
		GetArtifactByTypeAndName GetArtifactType GetArtifactTypes GetArtifactTypesByExternalIds GetArtifactTypesByID
		GetArtifacts GetArtifactsByContext GetArtifactsByExternalIds GetArtifactsByID GetArtifactsByType GetArtifactsByURI
		GetChildrenContextsByContext GetChildrenContextsByContexts GetContextByTypeAndName GetContextType GetContextTypes
		GetContextTypesByExternalIds GetContextTypesByID GetContexts GetContextsByArtifact GetContextsByExecution
		GetContextsByExternalIds GetContextsByID GetContextsByType GetEventsByArtifactIDs GetEventsByExecutionIDs
		GetExecutionByTypeAndName GetExecutionType GetExecutionTypes GetExecutionTypesByExternalIds GetExecutionTypesByID
		GetExecutions GetExecutionsByContext GetExecutionsByExternalIds GetExecutionsByID GetExecutionsByType
		GetLineageGraph GetLineageSubgraph GetParentContextsByContext GetParentContextsByContexts`,
	Write: `
		PutArtifacts PutAttributionsAndAssociations PutContexts PutEvents PutExecution PutExecutions PutLineageSubgraph
		PutParentContexts`,
	Admin: `PutArtifactType PutContextType PutExecutionType PutTypes`,
}

// httpRoles has the methods of the REST API by the role that they require.
var httpRoles = map[string]Role{
	http.MethodGet:   Read,
	http.MethodHead:  Read,
	http.MethodPost:  Write,
	http.MethodPatch: Write,
}

// services are the gRPC services of which all methods require the same role.
// Health is open, because load balancers have no credentials.
const (
	healthService     = "/grpc.health.v1.Health/"
	reflectionService = "/grpc.reflection."
)

var roleOfRPC = func() map[string]Role {
	all := map[string]Role{}
	for role, names := range rpcRoles {
		for name := range strings.FieldsSeq(names) {
			all["/ml_metadata.MetadataStoreService/"+name] = role
		}
	}
	return all
}()

// ForRPC returns the role that a gRPC method requires, such as
// "/ml_metadata.MetadataStoreService/GetArtifacts". Unknown methods require
// Admin.
func (p *Policy) ForRPC(method string) Role {
	switch role, ok := roleOfRPC[method]; {
	case ok:
		return role
	case p == nil, strings.HasPrefix(method, healthService):
		return None
	case strings.HasPrefix(method, reflectionService):
		return p.describe
	}
	return Admin
}

// ForHTTP returns the role that an HTTP method of the REST API requires. Unknown
// methods require Admin.
func (p *Policy) ForHTTP(method string) Role {
	if role, ok := httpRoles[method]; ok {
		return role
	}
	return Admin
}
