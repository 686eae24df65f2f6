package registry_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"
	. "github.com/onsi/ginkgo/v2"

	"github.com/mlmd-go/sdk/generated/restapi"
	"github.com/mlmd-go/sdk/pkg/rest"
)

// A fieldServer answers as the model registry of the field does, with its
// defects: names are looked up with LIKE, filters are ignored on some lists and
// fold case on others, PATCH resets states and cannot take an entity with a struct
// property, children may lack their parent, lists are unbounded, entities of the
// same time have any order, numbers have 32 bits, and external IDs may be empty
// once. The members of its entities are those of the tables of this module.
type fieldServer struct {
	url string

	mu       sync.Mutex
	tables   map[string][]entity // by plural
	next     int
	now      int64    // the time of the next write, in milliseconds
	requests []string // "PATCH registered_models/1"
	bodies   []string // of the requests that have one
	filters  []string // that were sent
}

// An entity has its JSON members, and what the server keeps for itself: its
// parent's ID in "parent", and in "table" the name of its schema.
type entity = map[string]any

// newFieldServer starts a server of the given versions of the API.
func newFieldServer(versions ...string) *fieldServer {
	s := &fieldServer{tables: map[string][]entity{}, now: 1_700_000_000_000}
	mux := http.NewServeMux()
	for _, v := range versions {
		base := "/api/model_registry/" + v + "/"
		mux.Handle(base, http.StripPrefix(base, s.serve(v)))
	}
	h := httptest.NewServer(mux)
	DeferCleanup(h.Close)
	s.url = h.URL
	return s
}

// sent returns the requests of a method.
func (s *fieldServer) sent(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if strings.HasPrefix(r, method+" ") {
			n++
		}
	}
	return n
}

// The paths: the plural of each singular, and that of each segment below a parent.
var (
	pluralOf = map[string]string{
		"registered_model": "registered_models", "model_version": "model_versions", "artifact": "artifacts",
		"model_artifact": "artifacts", "serving_environment": "serving_environments",
		"inference_service": "inference_services", "experiment": "experiments", "experiment_run": "experiment_runs",
	}
	segments = map[string]string{
		"versions": "model_versions", "artifacts": "artifacts", "inference_services": "inference_services",
		"serves": "serves", "experiment_runs": "experiment_runs", "metric_history": "metric_history",
	}
	// parentMembers are the members with the ID of the parent, where it is one.
	parentMembers = map[string]string{
		"model_versions": "registeredModelId", "inference_services": "servingEnvironmentId",
		"experiment_runs": "experimentId",
	}
)

// schemaOf returns the table of an entity in a body.
func schemaOf(plural string, e entity) *rest.Resource {
	for i := range restapi.V1alpha3.Resources {
		switch r := &restapi.V1alpha3.Resources[i]; {
		case plural == "artifacts" && r.Union != "" && r.Constants["artifactType"] == e["artifactType"],
			plural != "artifacts" && r.Plural == plural,
			plural == "serves" && r.Entity.Type().Entity == "ServeModel":
			return r
		}
	}
	return nil
}

func (s *fieldServer) serve(version string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		path := strings.Trim(r.URL.Path, "/")
		s.requests = append(s.requests, r.Method+" "+path)
		parts := strings.Split(path, "/")
		if version == "v1" && strings.HasPrefix(path, "experiment") {
			http.NotFound(w, r)
			return
		}
		s.route(w, r, parts)
	})
}

func (s *fieldServer) route(w http.ResponseWriter, r *http.Request, parts []string) {
	plural, only := parts[0], ""
	if plural == "model_artifacts" || plural == "model_artifact" {
		plural, only = strings.Replace(plural, "model_", "", 1), "model-artifact"
	}
	find := pluralOf[plural]
	switch {
	case r.Method == http.MethodGet && find != "":
		s.find(w, find, only, r.URL.Query())
	case pluralOf[strings.TrimSuffix(plural, "s")] == "" || len(parts) == 3 && segments[parts[2]] == "":
		http.NotFound(w, r)
	case r.Method == http.MethodGet && len(parts) == 1:
		s.list(w, plural, "", only, r.URL.Query())
	case r.Method == http.MethodGet && len(parts) == 2 && parts[1] == "metric_history":
		s.list(w, parts[1], "", "", r.URL.Query())
	case r.Method == http.MethodGet && len(parts) == 2:
		if e := s.byID(plural, parts[1]); e != nil {
			answerWith(w, 200, shown(e))
			return
		}
		fail(w, 404, "no "+plural+" found for id "+parts[1]+": not found")
	case r.Method == http.MethodGet && len(parts) == 3:
		s.list(w, segments[parts[2]], parts[1], "", r.URL.Query())
	case r.Method == http.MethodPost && len(parts) == 1:
		s.create(w, r, plural, only, "")
	case r.Method == http.MethodPost && len(parts) == 3:
		if s.byID(plural, parts[1]) == nil {
			fail(w, 404, "no "+plural+" found for id "+parts[1]+": not found")
			return
		}
		s.create(w, r, segments[parts[2]], "", parts[1])
	case r.Method == http.MethodPatch && len(parts) == 2:
		s.patch(w, r, plural, only, parts[1])
	default:
		w.WriteHeader(405)
	}
}

func fail(w http.ResponseWriter, code int, message string) {
	answerWith(w, code, map[string]string{"code": http.StatusText(code), "message": message})
}

func answerWith(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

// shown is the entity without what the server keeps for itself, and without the
// custom properties that it hides on all entities. Structs are text, not base64.
func shown(e entity) entity {
	out, custom := maps.Clone(e), map[string]any{}
	maps.Copy(custom, e["customProperties"].(map[string]any))
	for _, name := range []string{"experiment_id", "experiment_run_id"} {
		delete(custom, name)
	}
	out["customProperties"] = custom
	delete(out, "parent")
	delete(out, "table")
	return out
}

func (s *fieldServer) byID(plural, id string) entity {
	for _, e := range s.tables[plural] {
		if e["id"] == id {
			return e
		}
	}
	return nil
}

// body returns the members of a request, or nil after it has answered. Members that
// are not allowed are an error, except in artifacts.
func (s *fieldServer) body(w http.ResponseWriter, r *http.Request, allowed func(entity) []string) entity {
	raw := json.RawMessage{}
	var e entity
	if err := json.NewDecoder(r.Body).Decode(&raw); err != nil || json.Unmarshal(raw, &e) != nil {
		fail(w, 400, fmt.Sprint(err))
		return nil
	}
	s.bodies = append(s.bodies, string(raw))
	names := allowed(e)
	for name, v := range e {
		if names != nil && !slices.Contains(names, name) {
			fail(w, 400, fmt.Sprintf("json: unknown field %q", name))
			return nil
		}
		if v == nil {
			delete(e, name)
		}
	}
	custom, ok := e["customProperties"].(map[string]any)
	for name, v := range custom {
		property, _ := v.(map[string]any)
		_, err := strconv.ParseInt(fmt.Sprint(property["int_value"]), 10, 32)
		if kind := property["metadataType"]; kind == "MetadataProtoValue" || kind == "MetadataIntValue" && err != nil {
			fail(w, 400, "error setting field CustomProperties: bad request: "+name+": bad request")
			return nil
		}
		if text, ok := property["struct_value"].(string); ok {
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
				property["struct_value"] = string(raw)
			}
		}
	}
	if !ok {
		delete(e, "customProperties")
	}
	return e
}

func (s *fieldServer) create(w http.ResponseWriter, r *http.Request, plural, only, parent string) {
	var schema *rest.Resource
	e := s.body(w, r, func(e entity) []string {
		if only != "" {
			e["artifactType"] = only
		}
		if schema = schemaOf(plural, e); schema == nil || plural == "artifacts" {
			return nil
		}
		if plural == "model_versions" && parent != "" { // a whole version
			return append(slices.Clone(schema.Create), "id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch")
		}
		return schema.Create
	})
	switch {
	case e == nil:
		return
	case schema == nil:
		fail(w, 400, "invalid artifact type, must be either ModelArtifact, DocArtifact, DataSet, Metric, or Parameter")
		return
	}
	for _, name := range schema.Required {
		if v := e[name]; v == nil || v == "" {
			code := 422
			if name == "value" {
				code = 400
			}
			fail(w, code, "required field '"+name+"' is zero value.")
			return
		}
	}
	if member := parentMembers[plural]; member != "" { // a missing one is not noticed
		if parent != "" {
			e[member] = parent
		}
		parent = e[member].(string)
	}
	if e["name"] == nil {
		e["name"] = uuid.NewString()
	}
	if e["customProperties"] == nil {
		e["customProperties"] = map[string]any{}
	}
	if plural != "artifacts" || only != "" { // generic artifacts get none
		for name, text := range schema.Defaults {
			if e[name] == nil {
				e[name] = text
			}
		}
	}
	e["parent"], e["table"] = parent, schema.Entity.Type().Entity
	if run := s.byID("experiment_runs", parent); plural == "artifacts" && run != nil {
		e["experimentRunId"], e["experimentId"] = parent, run["experimentId"]
	}
	if old := s.taken(w, plural, e); old != nil {
		return
	}
	code := 201
	switch e["table"] {
	case "DataSet", "Metric", "Parameter":
		code = 200
	}
	s.store(plural, e)
	answerWith(w, code, shown(e))
}

// taken returns the entity that has the name or the external ID of e, after it has
// answered. A metric or a parameter of the name is updated.
func (s *fieldServer) taken(w http.ResponseWriter, plural string, e entity) entity {
	for table, all := range s.tables {
		for _, other := range all {
			sameName := table == plural && other["table"] == e["table"] && other["parent"] == e["parent"] &&
				strings.EqualFold(other["name"].(string), e["name"].(string)) && e["table"] != "DataSet" &&
				(plural != "artifacts" || e["parent"] != "")
			sameKind := strings.HasPrefix(table, "artifacts") == strings.HasPrefix(plural, "artifacts") &&
				(table == "serves") == (plural == "serves") && table != "metric_history"
			switch {
			case sameName && (e["table"] == "Metric" || e["table"] == "Parameter"):
				merge(other, e)
				s.touch(other)
				s.record(other)
				answerWith(w, 200, shown(other))
				return other
			case sameName, sameKind && e["externalId"] != nil && other["externalId"] == e["externalId"]:
				fail(w, 409, fmt.Sprintf("%s with name %s already exists: conflict", plural, e["name"]))
				return other
			}
		}
	}
	return nil
}

// store adds a new entity.
func (s *fieldServer) store(plural string, e entity) {
	s.next++
	e["id"] = strconv.Itoa(s.next)
	e["createTimeSinceEpoch"], e["lastUpdateTimeSinceEpoch"] = strconv.FormatInt(s.now, 10), strconv.FormatInt(s.now, 10)
	s.tables[plural] = append(s.tables[plural], e)
	s.record(e)
}

// record adds a metric of a run to its history.
func (s *fieldServer) record(e entity) {
	if e["table"] != "Metric" || e["experimentRunId"] == nil {
		return
	}
	entry := maps.Clone(e)
	s.next++
	entry["id"], entry["table"] = strconv.Itoa(s.next), "MetricHistory"
	entry["name"] = fmt.Sprintf("%s__%s", e["name"], e["lastUpdateTimeSinceEpoch"])
	delete(entry, "externalId")
	s.tables["metric_history"] = append(s.tables["metric_history"], entry)
}

func (s *fieldServer) touch(e entity) {
	s.now++
	e["lastUpdateTimeSinceEpoch"] = strconv.FormatInt(s.now, 10)
}

// merge sets the members of a request in the entity, except its name.
func merge(e, sent entity) {
	for name, v := range sent {
		if !slices.Contains([]string{"id", "name", "parent", "table", "artifactType"}, name) {
			e[name] = v
		}
	}
}

func (s *fieldServer) patch(w http.ResponseWriter, r *http.Request, plural, only, id string) {
	e := s.byID(plural, id)
	if e == nil {
		fail(w, 404, "no "+plural+" found for id "+id+": not found")
		return
	}
	schema := schemaOf(plural, e)
	sent := s.body(w, r, func(entity) []string {
		if plural == "artifacts" {
			return nil
		}
		return schema.Update
	})
	switch {
	case sent == nil:
		return
	case plural == "artifacts" && only == "" && sent["artifactType"] != e["artifactType"]:
		fail(w, 400, fmt.Sprintf("cannot change artifact type from '%s' to '%s'", e["artifactType"], sent["artifactType"]))
		return
	}
	for _, v := range e["customProperties"].(map[string]any) {
		if _, ok := v.(map[string]any)["struct_value"]; ok {
			fail(w, 400, "unable to decode illegal base64 data at input byte 0: bad request")
			return
		}
	}
	if plural != "artifacts" || only != "" {
		for name, text := range schema.Defaults {
			e[name] = text
		}
	}
	merge(e, sent)
	s.touch(e)
	answerWith(w, 200, shown(e))
}
