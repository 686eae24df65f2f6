package restapi

import (
	"slices"

	"github.com/mlmd-go/sdk/gen/internal/ir"
)

// history adds the lists of a history, whose items look like what it is the
// history of.
func (d *document) history(r *Resource) {
	of := r.HistoryOf.E.Name
	d.list(of, words(r.HistoryOf.E.REST.Path))
	all := "List the history of the " + words(r.HistoryOf.E.REST.Path)
	query := []string{"name"}
	if step := r.E.REST.History.Step; step != nil {
		query = append(query, step.Name+"Ids")
	}
	query = append(query, pageQuery...)
	for _, c := range r.Children {
		parent := c.Parent.REST
		id := parent.Singular + "_id"
		d.add(operation{
			method: "GET", path: parent.Path + "/" + c.Path, id: "get" + ir.GoName(parent.Path) + c.Operation,
			summary: all + " of all " + words(parent.Path) + ".", tag: of,
			query: query, result: of + "List", success: []int{200},
		})
		d.add(operation{
			method: "GET", path: parent.Path + "/{" + id + "}/" + c.Path, params: idParam(id, words(parent.Singular)),
			id:      "get" + c.Parent.Name + c.Operation,
			summary: all + " of " + withArticle(words(parent.Singular)) + ".",
			tag:     of, query: query, result: of + "List", success: []int{200}, fails: []int{404},
		})
	}
}

// registration adds the operation that stores an entity with its relatives.
func (d *document) registration(g *Registration) {
	e := g.Entity
	name := e.E.Name
	d.entity(g.Parent, create)
	d.entity(e, create)
	sent := cloneSchema(d.schemas[name+"Create"].(object))
	properties := sent["properties"].(object)
	delete(properties, e.E.Parent.Field.Name)
	required, _ := sent["required"].([]string)
	required = slices.DeleteFunc(slices.Clone(required), func(m string) bool { return m == e.E.Parent.Field.Name })
	if !slices.Contains(required, "name") {
		required = append(required, "name")
	}
	sent["required"] = required
	d.schemas[name+"New"] = described(sent, "What "+withArticle(e.Title)+" may have that is registered with its parent.")
	request := object{g.Parent.Member(): ref(g.Parent.E.Name + "Create"), e.Member(): ref(name + "New")}
	reply := object{g.Parent.Member(): ref(g.Parent.E.Name), e.Member(): ref(name)}
	all := []string{g.Parent.Member(), e.Member()}
	for _, p := range g.Children {
		request[p.Member] = object{"type": "array", "items": ref(p.Of + "Create")}
		reply[p.Member] = object{"type": "array", "items": ref(p.Of)}
		all = append(all, p.Member)
	}
	title := withArticle(e.Title)
	d.schemas[name+"Registration"] = described(closed(request, all[:2]...),
		"A "+g.Parent.Title+", "+title+" and its children, all with names.")
	d.schemas[name+"Registered"] = described(closed(reply, all...), "What was registered, as it is stored.")
	d.add(operation{
		method: "POST", path: g.Path, id: "register" + name, tag: name,
		summary: "Create or update " + title + ", its parent and its children, all or nothing.",
		body:    name + "Registration", result: name + "Registered",
		success: []int{200, 201}, fails: []int{404, 409, 422, 501},
		extra: "This operation is one of this server only.",
	})
}

// cloneSchema returns a copy of a schema whose properties can be changed.
func cloneSchema(s object) object {
	out, properties := object{}, object{}
	for k, v := range s {
		out[k] = v
	}
	for k, v := range s["properties"].(object) {
		properties[k] = v
	}
	out["properties"] = properties
	return out
}
