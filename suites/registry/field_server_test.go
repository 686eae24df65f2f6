package registry_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"

	"github.com/mlmd-go/sdk/internal/restfilter"
)

// A fieldServer answers as the model registry of the field does, with its
// defects: names are looked up with LIKE, filters are ignored on some lists and
// fold case on others, PATCH resets states and cannot take an entity with a struct
// property, children may lack their parent, lists are unbounded, and entities of
// the same time have any order. It has models, versions and model artifacts.
type fieldServer struct {
	url string

	mu       sync.Mutex
	tables   map[string][]map[string]any // by plural
	next     int
	now      int64    // the time of the next write, in milliseconds
	requests []string // "PATCH registered_models/1"
	filters  []string // that were sent
}

// newFieldServer starts a server of one version of the API.
func newFieldServer(version string) *fieldServer {
	s := &fieldServer{tables: map[string][]map[string]any{}, now: 1_700_000_000_000}
	h := httptest.NewServer(http.StripPrefix("/api/model_registry/"+version+"/", s))
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

var pluralOf = map[string]string{
	"registered_model": "registered_models", "model_version": "model_versions",
	"artifact": "artifacts", "model_artifact": "artifacts",
}

// defaultStates are what PATCH resets a state to that it is not given.
var defaultStates = map[string]string{"registered_models": "LIVE", "model_versions": "LIVE"}

func (s *fieldServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.Trim(r.URL.Path, "/")
	s.requests = append(s.requests, r.Method+" "+path)
	parts := strings.Split(path, "/")
	plural, onlyModels := parts[0], false
	if plural == "model_artifacts" {
		plural, onlyModels = "artifacts", true
	}
	find := pluralOf[plural]
	switch {
	case r.Method == http.MethodGet && find != "":
		s.find(w, find, r.URL.Query())
	case pluralOf[strings.TrimSuffix(plural, "s")] == "":
		http.NotFound(w, r)
	case r.Method == http.MethodGet && len(parts) == 1:
		s.list(w, plural, "", onlyModels, r.URL.Query())
	case r.Method == http.MethodGet && len(parts) == 2:
		if e := s.byID(plural, parts[1]); e != nil {
			s.answer(w, 200, e)
			return
		}
		fail(w, 404, "no "+plural+" found for id "+parts[1]+": not found")
	case r.Method == http.MethodGet && len(parts) == 3:
		children := map[string]string{"versions": "model_versions", "artifacts": "artifacts"}[parts[2]]
		s.list(w, children, parts[1], false, r.URL.Query())
	case r.Method == http.MethodPost && len(parts) == 1:
		s.create(w, r, plural, "")
	case r.Method == http.MethodPost && len(parts) == 3:
		if s.byID("model_versions", parts[1]) == nil {
			fail(w, 404, "no model version found for id "+parts[1]+": not found")
			return
		}
		s.create(w, r, "artifacts", parts[1])
	case r.Method == http.MethodPatch && len(parts) == 2:
		s.patch(w, r, plural, parts[1])
	default:
		w.WriteHeader(405)
	}
}

func fail(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"code": http.StatusText(code), "message": message})
}

// answer sends an entity without what the server keeps for itself. Structs are
// text, not base64.
func (s *fieldServer) answer(w http.ResponseWriter, code int, v any) {
	if e, ok := v.(map[string]any); ok {
		v = shown(e)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

func shown(e map[string]any) map[string]any {
	out := maps.Clone(e)
	delete(out, "parent")
	if out["customProperties"] == nil {
		out["customProperties"] = map[string]any{}
	}
	return out
}

func (s *fieldServer) byID(plural, id string) map[string]any {
	for _, e := range s.tables[plural] {
		if e["id"] == id {
			return e
		}
	}
	return nil
}

// like is LIKE without an escape character, and without the case of letters.
func like(text, pattern string) bool {
	var b strings.Builder
	b.WriteString("(?is)^")
	for _, r := range pattern {
		switch r {
		case '%':
			b.WriteString(".*")
		case '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return regexp.MustCompile(b.String() + "$").MatchString(text)
}

func (s *fieldServer) find(w http.ResponseWriter, plural string, q url.Values) {
	var hits []map[string]any
	for _, e := range s.tables[plural] {
		switch name, external := q.Get("name"), q.Get("externalId"); {
		case name != "" && like(fmt.Sprint(e["name"]), name) && fmt.Sprint(e["parent"]) == q.Get("parentResourceId"),
			name == "" && external != "" && e["externalId"] != nil && like(fmt.Sprint(e["externalId"]), external):
			hits = append(hits, e)
		}
	}
	if len(hits) != 1 {
		fail(w, 404, fmt.Sprintf("%d %s found for name=%s: not found", len(hits), plural, q.Get("name")))
		return
	}
	s.answer(w, 200, hits[0])
}

func (s *fieldServer) list(w http.ResponseWriter, plural, parent string, ignoresFilter bool, q url.Values) {
	var rows []map[string]any
	filter := q.Get("filterQuery")
	if filter != "" {
		s.filters = append(s.filters, filter)
	}
	for _, e := range s.tables[plural] {
		kind := q.Get("artifactType")
		if parent != "" && e["parent"] != parent || kind != "" && e["artifactType"] != kind {
			continue
		}
		if filter == "" || ignoresFilter {
			rows = append(rows, e)
			continue
		}
		n, err := restfilter.Parse(filter)
		if err != nil {
			fail(w, 400, "invalid filter query syntax: "+err.Error())
			return
		}
		for range matches(e, n) {
			rows = append(rows, e)
		}
	}
	key := func(e map[string]any) int64 {
		name := map[string]string{
			"CREATE_TIME": "createTimeSinceEpoch", "LAST_UPDATE_TIME": "lastUpdateTimeSinceEpoch",
		}[q.Get("orderBy")]
		n, _ := strconv.ParseInt(fmt.Sprint(e[cmp.Or(name, "id")]), 10, 64)
		return n
	}
	id := func(e map[string]any) int64 { n, _ := strconv.ParseInt(e["id"].(string), 10, 64); return n }
	desc := q.Get("sortOrder") == "DESC"
	slices.SortStableFunc(rows, func(a, b map[string]any) int { // ties are in the order of the strings of the IDs
		c := cmp.Or(cmp.Compare(key(a), key(b)), strings.Compare(b["id"].(string), a["id"].(string)))
		if desc {
			return -c
		}
		return c
	})
	if token := q.Get("nextPageToken"); token != "" {
		raw, _ := base64.StdEncoding.DecodeString(token)
		at, value, _ := strings.Cut(string(raw), ":")
		lastID, _ := strconv.ParseInt(at, 10, 64)
		last, _ := strconv.ParseInt(value, 10, 64)
		rows = slices.DeleteFunc(rows, func(e map[string]any) bool {
			c := cmp.Or(cmp.Compare(key(e), last), cmp.Compare(id(e), lastID))
			return !desc && c <= 0 || desc && c >= 0
		})
	}
	size, _ := strconv.Atoi(q.Get("pageSize"))
	next := ""
	if size > 0 && len(rows) > size {
		rows = rows[:size]
		last := rows[size-1]
		next = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", last["id"], key(last)))
	}
	items := []any{}
	for _, e := range rows {
		items = append(items, shown(e))
	}
	s.answer(w, 200, struct {
		Items         []any  `json:"items"`
		NextPageToken string `json:"nextPageToken"`
		PageSize      int    `json:"pageSize"`
		Size          int    `json:"size"`
	}{items, next, size, len(items)})
}

// matches returns how often a filter lists the entity: once for each property of
// the name.
func matches(e map[string]any, n *restfilter.Node) int {
	switch n.Op {
	case restfilter.And:
		out := 1
		for _, kid := range n.Kids {
			out *= matches(e, kid)
		}
		return out
	case restfilter.Or:
		out := 0
		for _, kid := range n.Kids {
			out = max(out, matches(e, kid))
		}
		return out
	}
	var values []string
	if v := e[n.Name]; v != nil {
		values = append(values, fmt.Sprint(v))
	}
	if custom, ok := e["customProperties"].(map[string]any)[n.Name].(map[string]any); ok {
		for _, column := range []string{"string_value", "int_value", "double_value", "bool_value"} {
			if v := custom[column]; v != nil {
				values = append(values, fmt.Sprint(v))
			}
		}
	}
	out := 0
	for _, v := range values {
		want := fmt.Sprint(n.Values[0])
		a, err1 := strconv.ParseFloat(v, 64)
		b, err2 := strconv.ParseFloat(want, 64)
		number := err1 == nil && err2 == nil
		var holds bool
		switch n.Op {
		case restfilter.Eq, restfilter.Ne: // <> means =
			holds = strings.EqualFold(v, want) || n.Name == "name" && e["parent"] != "" && like(v, "%:"+want) ||
				n.Name == "name" && like(v, want)
		case restfilter.Lt:
			holds = number && a < b
		case restfilter.Le:
			holds = number && a <= b
		case restfilter.Gt:
			holds = number && a > b
		case restfilter.Ge:
			holds = number && a >= b
		}
		if holds {
			out++
		}
	}
	return out
}

func (s *fieldServer) create(w http.ResponseWriter, r *http.Request, plural, parent string) {
	var e map[string]any
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		fail(w, 400, err.Error())
		return
	}
	switch plural {
	case "registered_models", "model_versions":
		if e["name"] == nil || e["name"] == "" {
			fail(w, 422, "required field 'name' is zero value.")
			return
		}
		if e["state"] == nil {
			e["state"] = "LIVE"
		}
		if plural == "model_versions" { // the parent may be missing
			parent = fmt.Sprint(e["registeredModelId"])
		}
	case "artifacts":
		if e["artifactType"] != "model-artifact" {
			fail(w, 400, "invalid artifact type, must be either ModelArtifact: bad request")
			return
		}
	}
	for _, other := range s.tables[plural] {
		sameName := e["name"] != nil && strings.EqualFold(fmt.Sprint(other["name"]), fmt.Sprint(e["name"]))
		if other["parent"] == parent && sameName ||
			e["externalId"] != nil && other["externalId"] == e["externalId"] {
			fail(w, 409, fmt.Sprintf("%s with name %s already exists: conflict", plural, e["name"]))
			return
		}
	}
	s.next++
	e["id"], e["parent"] = strconv.Itoa(s.next), parent
	e["createTimeSinceEpoch"], e["lastUpdateTimeSinceEpoch"] = strconv.FormatInt(s.now, 10), strconv.FormatInt(s.now, 10)
	structsAsText(e)
	s.tables[plural] = append(s.tables[plural], e)
	s.answer(w, 201, e)
}

// structsAsText replaces base64 by the JSON that it stands for.
func structsAsText(e map[string]any) {
	if e["customProperties"] == nil {
		e["customProperties"] = map[string]any{}
	}
	for _, v := range e["customProperties"].(map[string]any) {
		property := v.(map[string]any)
		if text, ok := property["struct_value"].(string); ok {
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil {
				property["struct_value"] = string(raw)
			}
		}
	}
}

func (s *fieldServer) patch(w http.ResponseWriter, r *http.Request, plural, id string) {
	e := s.byID(plural, id)
	if e == nil {
		fail(w, 404, "no "+plural+" found for id "+id+": not found")
		return
	}
	var sent map[string]any
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		fail(w, 400, err.Error())
		return
	}
	for _, v := range e["customProperties"].(map[string]any) {
		if _, ok := v.(map[string]any)["struct_value"]; ok {
			fail(w, 400, "unable to decode illegal base64 data at input byte 0: bad request")
			return
		}
	}
	if state := defaultStates[plural]; state != "" {
		e["state"] = state
	}
	for name, v := range sent {
		if v != nil {
			e[name] = v
		}
	}
	structsAsText(e)
	s.now++
	e["lastUpdateTimeSinceEpoch"] = strconv.FormatInt(s.now, 10)
	s.answer(w, 200, e)
}
