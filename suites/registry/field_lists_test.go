package registry_test

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/internal/restfilter"
)

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

func (s *fieldServer) find(w http.ResponseWriter, plural, only string, q url.Values) {
	var hits []entity
	for _, e := range s.tables[plural] { // also those of another kind of artifact
		switch name, external := q.Get("name"), q.Get("externalId"); {
		case name != "" && like(fmt.Sprint(e["name"]), name) && fmt.Sprint(e["parent"]) == q.Get("parentResourceId"),
			name == "" && external != "" && e["externalId"] != nil && like(fmt.Sprint(e["externalId"]), external):
			hits = append(hits, e)
		}
	}
	if len(hits) != 1 || only != "" && hits[0]["artifactType"] != only {
		fail(w, 404, fmt.Sprintf("%d %s found for name=%s: not found", len(hits), plural, q.Get("name")))
		return
	}
	answerWith(w, 200, shown(hits[0]))
}

// ignoring are the lists that ignore filters, and naming those that can be
// restricted to a name.
var (
	ignoring = []string{"inference_services", "serves", "serving_environments"}
	naming   = []string{"model_versions", "artifacts", "metric_history"}
)

func (s *fieldServer) list(w http.ResponseWriter, plural, parent, only string, q url.Values) {
	var rows []entity
	filter := q.Get("filterQuery")
	if filter != "" {
		s.filters = append(s.filters, filter)
	}
	ignoresFilter := only != "" || slices.Contains(ignoring, plural)
	kind := cmp.Or(only, q.Get("artifactType"))
	for _, e := range s.tables[plural] {
		if parent != "" && e["parent"] != parent || kind != "" && e["artifactType"] != kind {
			continue
		}
		if name := q.Get("name"); name != "" && parent != "" && slices.Contains(naming, plural) &&
			!like(fmt.Sprint(e["name"]), name) {
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
	key := func(e entity) int64 {
		name := map[string]string{
			"CREATE_TIME": "createTimeSinceEpoch", "LAST_UPDATE_TIME": "lastUpdateTimeSinceEpoch",
		}[q.Get("orderBy")]
		n, _ := strconv.ParseInt(fmt.Sprint(e[cmp.Or(name, "id")]), 10, 64)
		return n
	}
	id := func(e entity) int64 { n, _ := strconv.ParseInt(e["id"].(string), 10, 64); return n }
	desc := q.Get("sortOrder") == "DESC"
	slices.SortStableFunc(rows, func(a, b entity) int { // ties are in the order of the strings of the IDs
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
		rows = slices.DeleteFunc(rows, func(e entity) bool {
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
	answerWith(w, 200, struct {
		Items         []any  `json:"items"`
		NextPageToken string `json:"nextPageToken"`
		PageSize      int    `json:"pageSize"`
		Size          int    `json:"size"`
	}{items, next, size, len(items)})
}

// matches returns how often a filter lists the entity: once for each property of
// the name.
func matches(e entity, n *restfilter.Node) int {
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
	if v := e[memberOf(n.Name)]; v != nil {
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

// knownNames are the members that filters know. Other names are those of properties.
var knownNames = strings.Fields(`id name externalId createTimeSinceEpoch lastUpdateTimeSinceEpoch state owner author
	registeredModelId uri modelFormatName modelFormatVersion storageKey storagePath serviceAccountName modelSourceKind
	modelSourceClass modelSourceGroup modelSourceId modelSourceName digest sourceType source schema profile value
	timestamp step parameterType experimentId experimentRunId status startTimeSinceEpoch endTimeSinceEpoch`)

var afterUnderscore = regexp.MustCompile(`_[a-z]`)

// memberOf returns the member that a name in a filter means, or "" if it means none.
func memberOf(name string) string {
	if slices.Contains(knownNames, name) {
		return name
	}
	if strings.ToLower(name) != name {
		return ""
	}
	return afterUnderscore.ReplaceAllStringFunc(name, func(s string) string { return strings.ToUpper(s[1:]) })
}
