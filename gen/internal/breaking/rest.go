package breaking

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/restapi"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// named are the rules that name the cause of a finding in a REST API, at the
// same path, so that it need not be named again.
var named = map[string][]string{
	"REST_OPERATION_NO_DELETE": {"ENTITY_NO_DELETE", "PARENT_SAME"},
	"REST_MEMBER_NO_DELETE":    {"FIELD_NO_DELETE", "FIELD_NOT_NEWLY_IMMUTABLE", "FIELD_SAME_SLOT"},
	"REST_NOT_NEWLY_REQUIRED":  {"FIELD_NOT_NEWLY_REQUIRED"},
	"REST_SAME_DEFAULT":        {"FIELD_SAME_DEFAULT"},
}

// rest compares the versions of the REST API that both specs have. What two
// versions have in common is reported once.
func (c *comparison) rest(before, after []*restapi.API) {
	told := map[string]bool{}
	for _, was := range before {
		for _, is := range after {
			if was.Version != is.Version {
				continue
			}
			c.operations(was, is, told)
			for _, old := range was.Resources {
				i := slices.IndexFunc(is.Resources, func(r *restapi.Resource) bool { return r.E.Name == old.E.Name })
				if i >= 0 {
					c.members(old, is.Resources[i], told)
				}
			}
		}
	}
}

// foundREST adds a finding unless another rule names its cause, or it is told
// already: then the result is nil.
func (c *comparison) foundREST(told map[string]bool, rule string, at spec.Pos, path, msg string) *Finding {
	if told[rule+path+msg] || slices.ContainsFunc(c.findings, func(f Finding) bool {
		return f.Path == path && slices.Contains(named[rule], f.Rule.ID)
	}) {
		return nil
	}
	told[rule+path+msg] = true
	return c.found(rule, at, path, "%s", msg)
}

func (c *comparison) operations(was, is *restapi.API, told map[string]bool) {
	now := map[string]restapi.Operation{}
	at := map[string]spec.Pos{}
	for _, op := range is.Operations() {
		now[op.Method+" "+op.Path] = op
		at[op.Owner] = op.Pos
	}
	for _, r := range is.Resources {
		at[r.E.Name] = r.E.Pos
	}
	for _, old := range was.Operations() {
		pos, known := at[old.Owner]
		if !known {
			pos = old.Pos
		}
		call := old.Method + " " + old.Path
		gone := func(format string, args ...any) {
			f := c.foundREST(told, "REST_OPERATION_NO_DELETE", pos, old.Owner, call+fmt.Sprintf(format, args...))
			if f != nil {
				f.Old = !known
			}
		}
		op, ok := now[call]
		if !ok {
			gone(" is gone")
			continue
		}
		if op.ID != old.ID {
			gone(": the operation ID %s is now %s", old.ID, op.ID)
		}
		for _, q := range old.Query {
			if !slices.Contains(op.Query, q) {
				gone(": the query parameter %s is gone", q)
			}
		}
		if !slices.Equal(op.Success, old.Success) {
			gone(": the statuses of success were %v and are now %v", old.Success, op.Success)
		}
		for _, s := range [][3]string{{"takes", old.Body, op.Body}, {"returns", old.Result, op.Result}} {
			if s[1] != s[2] && s[1] != s[2]+"Create" { // a whole entity has all that a new one has
				msg := fmt.Sprintf("%s %s %s and no longer %s", call, s[0], s[2], s[1])
				if f := c.foundREST(told, "REST_SAME_TYPE", pos, old.Owner, msg); f != nil {
					f.Old = !known
				}
			}
		}
	}
}

func (c *comparison) members(old, r *restapi.Resource, told map[string]bool) {
	name := r.E.Name
	pos := func(member string) spec.Pos {
		for _, f := range r.E.Fields {
			if f.Name == member {
				return f.Pos
			}
		}
		return r.E.Pos
	}
	lists := []struct {
		what     string
		was, now []string
	}{
		{"responses", names(old.Fields), names(r.Fields)},
		{"requests to create", old.Create, r.Create},
		{"patches", old.Update, r.Update},
	}
	for _, m := range names(old.Fields) { // requests have no others
		var gone []string
		for _, l := range lists {
			if slices.Contains(l.was, m) && !slices.Contains(l.now, m) {
				gone = append(gone, l.what)
			}
		}
		if gone != nil {
			msg := "the member is gone from " + strings.Join(gone, ", ")
			c.foundREST(told, "REST_MEMBER_NO_DELETE", pos(m), name+"."+m, msg)
		}
	}
	for _, m := range r.Required {
		if !slices.Contains(old.Required, m) {
			c.foundREST(told, "REST_NOT_NEWLY_REQUIRED", pos(m), name+"."+m, "requests to create must have the member")
		}
	}
	was, is := member(old), member(r)
	switch {
	case was == is:
	case was == "":
		c.foundREST(told, "REST_NOT_NEWLY_REQUIRED", r.E.REST.UnionPos, name, "requests must have "+is)
	case is == "":
		c.foundREST(told, "REST_MEMBER_NO_DELETE", r.E.Pos, name, "the member "+was+" is gone")
	default:
		c.foundREST(told, "REST_SAME_TYPE", r.E.REST.UnionPos, name, was+" is now "+is)
	}
	defaults := func(r *restapi.Resource, m string) string {
		for _, d := range r.Defaults() {
			if d[0] == m {
				return d[1]
			}
		}
		return "nothing"
	}
	for _, m := range old.Create {
		if was, is := defaults(old, m), defaults(r, m); was != is && slices.Contains(r.Create, m) {
			c.foundREST(told, "REST_SAME_DEFAULT", pos(m), name+"."+m, "the default was "+was+" and is now "+is)
		}
	}
}

// member returns the constant member of r: "kind: report".
func member(r *restapi.Resource) string {
	var out []string
	for _, c := range r.Constants() {
		out = append(out, c[0]+": "+c[1])
	}
	return strings.Join(out, ", ")
}

func names(fields []*ir.Field) (out []string) {
	for _, f := range fields {
		out = append(out, f.Name)
	}
	return out
}
