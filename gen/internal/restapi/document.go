package restapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

// object is an object of a JSON document. Its members are printed sorted.
type object = map[string]any

// Document returns the OpenAPI document of the API. mark says what made it.
func (a *API) Document(mark string) ([]byte, error) {
	d := a.build()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(object{
		"openapi": "3.0.3",
		"info":    object{"title": a.Title, "version": a.Version},
		"servers": []any{object{"url": "/"}},
		"paths":   d.paths,
		"components": object{
			"schemas": d.schemas, "parameters": parameters(a), "responses": failures(),
			"securitySchemes": object{"Bearer": object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
		},
		"security":       []any{object{}, object{"Bearer": []any{}}}, // a proxy may want a token, the server does not
		"x-generated-by": mark,
	})
	return b.Bytes(), err
}

// Operations returns the operations of the API.
func (a *API) Operations() []Operation { return a.build().operations }

func (a *API) build() *document {
	d := &document{api: a, schemas: object{}, paths: object{}}
	d.common()
	for _, r := range a.Resources {
		d.owner = r.E.Pos
		d.resource(r)
	}
	for _, u := range a.Unions {
		d.owner = u.Members[0].E.REST.UnionPos
		d.union(u)
	}
	for _, g := range a.Registrations {
		d.owner = g.Entity.E.Pos
		d.registration(g)
	}
	return d
}

// A document is an OpenAPI document that is being made.
type document struct {
	api            *API
	schemas, paths object
	operations     []Operation
	owner          spec.Pos // of the resource or union that is being added
}

// An Operation is one operation of an API.
type Operation struct {
	Method, Path, ID string // the path is below the base of the API
	Query            []string
	Body, Result     string // names of schemas; Body may be empty
	Success          []int
	Owner            string // the entity or the union
	Pos              spec.Pos
}

// idPattern matches the IDs of entities, and pathIDPattern what paths may have
// in their place.
const (
	idPattern     = "^[1-9][0-9]{0,18}$"
	pathIDPattern = "^[+-]?[0-9]+$"
)

// reserved are the names of the schemas that every document has.
var reserved = []string{
	"Error", "OrderByField", "SortOrder", "MetadataValue", "MetadataStringValue", "MetadataIntValue",
	"MetadataDoubleValue", "MetadataBoolValue", "MetadataStructValue", "MetadataProtoValue",
}

func ref(name string) object     { return object{"$ref": "#/components/schemas/" + name} }
func text() object               { return object{"type": "string"} }
func oneText(want string) object { return object{"type": "string", "enum": []string{want}} }

func closed(properties object, required ...string) object {
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func described(s object, doc string) object {
	doc = strings.Join(strings.Fields(doc), " ")
	if doc == "" {
		return s
	}
	if _, is := s["$ref"]; is {
		return object{"allOf": []any{s}, "description": doc}
	}
	s["description"] = doc
	return s
}

// common adds the schemas that no entity owns.
func (d *document) common() {
	s := d.schemas
	s["Error"] = described(object{
		"type": "object", "required": []string{"code", "message"},
		"properties": object{
			"code":    described(text(), "The reason phrase of the status, or a word for the error."),
			"message": described(text(), "What was tried, why it failed, and what to do."),
		},
	}, "Why a request failed.")
	s["OrderByField"] = described(
		object{"type": "string", "enum": []string{"CREATE_TIME", "LAST_UPDATE_TIME", "ID"}}, "What a list is ordered by.")
	s["SortOrder"] = described(object{"type": "string", "enum": []string{"ASC", "DESC"}}, "The direction of a list.")
	var refs []any
	mapping := object{}
	value := func(name string, members object) {
		required := append([]string{"metadataType"}, slices.Sorted(maps.Keys(members))...)
		members["metadataType"] = oneText(name)
		s[name] = object{"type": "object", "properties": members, "required": required} // others are ignored
		refs, mapping[name] = append(refs, ref(name)), "#/components/schemas/"+name
	}
	encoded := func(doc string) object { return described(object{"type": "string", "format": "byte"}, doc) }
	encodedObject := encoded("A JSON object in base64.")
	encodedObject["minLength"] = len("e30=") // {}
	value("MetadataBoolValue", object{"bool_value": object{"type": "boolean"}})
	value("MetadataDoubleValue", object{"double_value": object{"type": "number", "format": "double"}})
	value("MetadataIntValue", object{
		"int_value": object{"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"},
	})
	value("MetadataProtoValue", object{"type": text(), "proto_value": encoded("A message in base64.")})
	value("MetadataStringValue", object{"string_value": text()})
	value("MetadataStructValue", object{"struct_value": encodedObject})
	s["MetadataValue"] = object{
		"description":   "A value of a custom property.",
		"oneOf":         refs,
		"discriminator": object{"propertyName": "metadataType", "mapping": mapping},
	}
}

// A form is one of the schemas of an entity.
type form uint8

const (
	whole form = iota
	create
	update
)

var suffix = map[form]string{whole: "", create: "Create", update: "Update"}

// entity adds one schema of r.
func (d *document) entity(r *Resource, f form) {
	properties := object{}
	var required []string
	for _, field := range r.Fields {
		switch f {
		case create:
			if !slices.Contains(r.Create, field.Name) {
				continue
			}
		case update:
			if !slices.Contains(r.Update, field.Name) {
				continue
			}
		}
		properties[field.Name] = d.field(field, f)
		if f != update && field.Required {
			required = append(required, field.Name)
		}
	}
	for _, m := range r.Marks {
		if f == whole && m.Shown {
			properties[m.Member] = described(object{"type": "string", "pattern": idPattern, "readOnly": true},
				"The "+m.Of+" of the "+words(m.Parent.REST.Singular)+" that it was created in.")
		}
	}
	if r.Union != nil {
		properties[r.Union.Member] = oneText(r.E.REST.Value)
		required = append(required, r.Union.Member)
	}
	docs := map[form]string{
		whole:  r.E.Doc,
		create: "What a new " + r.Title + " may have.",
		update: "What may change in a stored " + r.Title + ". What is left out stays.",
	}
	s := described(closed(properties, required...), docs[f])
	if r.E.Obsolete {
		s["deprecated"] = true
	}
	d.schemas[r.E.Name+suffix[f]] = s
}

func (d *document) field(f *ir.Field, at form) object {
	s := d.typ(f.Type, f.Rules)
	switch f.Slot {
	case ir.ID, ir.Parent:
		s["pattern"] = idPattern
	case ir.Name:
		if s["minLength"] == nil {
			s["minLength"] = 1
		}
	case ir.CreateTime, ir.UpdateTime:
		s["readOnly"] = true
	}
	doc := f.Doc
	if d.api.TextIntegers && (f.Type.Basic == ir.Int64 || f.Type.Basic == ir.Int32) {
		doc += " Requests may have a number, too."
	}
	s = described(s, doc)
	if f.Deprecated {
		s = described(s, f.Doc+" ") // beside a $ref
		s["deprecated"] = true
	}
	if at == create && f.REST.Default != "" {
		if _, is := s["$ref"]; is {
			s = object{"allOf": []any{s}}
		}
		s["default"] = f.REST.Default
	}
	return s
}

// typ returns the schema of a type. It adds the enums, objects and
// unions in it.
func (d *document) typ(t *ir.Type, r ir.Rules) object {
	s := object{}
	switch t.Basic {
	case ir.Enum, ir.Object, ir.Union:
		d.named(t)
		return ref(t.Go)
	case ir.String:
		s["type"] = "string"
	case ir.IDString:
		s["type"], s["pattern"] = "string", idPattern
	case ir.Int32, ir.Int64:
		s["type"], s["format"] = "integer", "int32"
		if t.Basic == ir.Int64 {
			s["format"] = "int64"
		}
		if d.api.TextIntegers {
			s["type"], s["pattern"] = "string", "^-?[0-9]{1,19}$"
			return s
		}
	case ir.Double:
		s["type"], s["format"] = "number", "double"
	case ir.Bool:
		s["type"] = "boolean"
	case ir.Millis:
		s["type"], s["format"], s["pattern"] = "string", "int64", "^-?[0-9]{1,18}$"
	case ir.DateTime, ir.Date, ir.UUID, ir.Bytes:
		formats := map[ir.Basic]string{ir.DateTime: "date-time", ir.Date: "date", ir.UUID: "uuid", ir.Bytes: "byte"}
		s["type"], s["format"] = "string", formats[t.Basic]
	case ir.List:
		s["type"], s["items"] = "array", d.typ(t.Elem, t.Rules)
	case ir.Map:
		s["type"], s["additionalProperties"] = "object", d.typ(t.Elem, t.Rules)
	case ir.JSON:
		s["type"], s["additionalProperties"] = "object", true
	case ir.Values:
		s["type"], s["additionalProperties"] = "object", ref("MetadataValue")
	}
	for name, n := range map[string]*int{
		"minLength": r.MinLength, "maxLength": r.MaxLength, "minItems": r.MinItems, "maxItems": r.MaxItems,
	} {
		if n != nil {
			s[name] = *n
		}
	}
	if r.Pattern != "" {
		s["pattern"] = r.Pattern
	}
	if r.Minimum != "" {
		s["minimum"] = json.Number(r.Minimum)
	}
	if r.Maximum != "" {
		s["maximum"] = json.Number(r.Maximum)
	}
	if r.ExclusiveMin {
		s["exclusiveMinimum"] = true
	}
	if r.ExclusiveMax {
		s["exclusiveMaximum"] = true
	}
	return s
}

// named adds the schema of an enum, object or union.
func (d *document) named(t *ir.Type) {
	if d.schemas[t.Go] != nil {
		return
	}
	if t.Basic == ir.Enum {
		values := make([]string, len(t.Values))
		for i, v := range t.Values {
			values[i] = v.Text
		}
		d.schemas[t.Go] = described(object{"type": "string", "enum": values}, t.Doc)
		return
	}
	if t.Basic == ir.Union {
		mapping := object{}
		s := object{"discriminator": object{"propertyName": t.Kind, "mapping": mapping}}
		d.schemas[t.Go] = described(s, t.Doc) // before its variants, which may refer to it
		var refs []any
		for _, v := range t.Variants {
			d.named(v.Type)
			refs = append(refs, ref(v.Type.Go))
			for _, value := range v.Values {
				mapping[value] = "#/components/schemas/" + v.Type.Go
			}
		}
		s["oneOf"] = refs
		return
	}
	properties := object{}
	s := closed(properties)
	d.schemas[t.Go] = described(s, t.Doc) // before its members, which may refer to it
	var required []string
	for _, f := range t.Fields {
		properties[f.Name] = d.field(f, whole)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	if required != nil {
		s["required"] = required
	}
}

// list adds the schema of a page.
func (d *document) list(name, title string) {
	d.schemas[name+"List"] = described(closed(object{
		"items":         object{"type": "array", "items": ref(name)},
		"nextPageToken": described(text(), "The token for the next page. It is empty on the last one."),
		"pageSize":      described(object{"type": "integer", "format": "int32"}, "The size that was asked for, or 0."),
		"size":          described(object{"type": "integer", "format": "int32"}, "The number of items on this page."),
	}, "items", "nextPageToken", "pageSize", "size"), "A page of a list: "+title+".")
}

// oneOf adds the schema of a union whose members have the given form.
func (d *document) oneOf(u *Union, f form) {
	var refs []any
	mapping := object{}
	for _, r := range u.Members {
		d.entity(r, f)
		name := r.E.Name + suffix[f]
		refs, mapping[r.E.REST.Value] = append(refs, ref(name)), "#/components/schemas/"+name
	}
	d.schemas[u.Name+suffix[f]] = object{
		"oneOf": refs, "discriminator": object{"propertyName": u.Member, "mapping": mapping},
	}
}

// An operation is one row of the API.
type operation struct {
	method, path, id string
	summary          string
	tag              string
	query            []string
	params           []any  // of the path
	body             string // a schema; may be empty
	result           string // a schema
	success          []int
	fails            []int // besides those of every operation
	extra            string
}

func (d *document) add(o operation) {
	d.operations = append(d.operations, Operation{
		o.method, o.path, o.id, o.query, o.body, o.result, o.success, o.tag, d.owner,
	})
	responses := object{}
	for _, status := range o.success {
		responses[strconv.Itoa(status)] = object{
			"description": success[status], "content": object{"application/json": object{"schema": ref(o.result)}},
		}
	}
	for _, status := range append([]int{400, 401, 429, 500, 503}, o.fails...) {
		responses[strconv.Itoa(status)] = object{"$ref": "#/components/responses/" + failureNames[status]}
	}
	op := object{"operationId": o.id, "summary": o.summary, "tags": []string{o.tag}, "responses": responses}
	if o.extra != "" {
		op["description"] = o.extra
	}
	if o.body != "" {
		responses["413"] = object{"$ref": "#/components/responses/" + failureNames[413]}
		op["requestBody"] = object{
			"required": true, "content": object{"application/json": object{"schema": ref(o.body)}},
		}
	}
	if len(o.query) > 0 {
		var refs []any
		for _, name := range o.query {
			refs = append(refs, object{"$ref": "#/components/parameters/" + name})
		}
		op["parameters"] = refs
	}
	path := d.api.Base + "/" + o.path
	item, ok := d.paths[path].(object)
	if !ok {
		item = object{}
		d.paths[path] = item
	}
	if o.params != nil {
		item["parameters"] = o.params
	}
	item[strings.ToLower(o.method)] = op
}

var success = map[int]string{200: "The result.", 201: "It was created."}

var failureNames = map[int]string{
	400: "BadRequest", 401: "Unauthorized", 404: "NotFound", 409: "Conflict",
	413: "RequestEntityTooLarge", 422: "UnprocessableEntity", 429: "TooManyRequests",
	500: "InternalServerError", 501: "NotImplemented", 503: "ServiceUnavailable",
}

func failures() object {
	docs := map[int]string{
		400: "The request is invalid.", 401: "The token is missing or invalid.", 404: "The entity does not exist.",
		409: "Another entity has the name or the external ID.", 413: "The body is too large.",
		422: "A required member is missing.", 429: "The server is busy. Retry-After says when to try again.",
		500: "The server failed.", 501: "The store has no transactions.",
		503: "The store cannot be reached, or took too long.",
	}
	out := object{}
	for status, name := range failureNames {
		out[name] = object{
			"description": docs[status], "content": object{"application/json": object{"schema": ref("Error")}},
		}
	}
	return out
}

// pageQuery are the query parameters of every list.
var pageQuery = []string{"filterQuery", "pageSize", "orderBy", "sortOrder", "nextPageToken"}

// parameters returns the query parameters.
func parameters(a *API) object {
	out := object{}
	add := func(name, doc string, schema object) {
		out[name] = object{"name": name, "in": "query", "description": doc, "schema": schema}
	}
	add("name", "The name of the entity.", text())
	add("externalId", "The external ID of the entity.", text())
	add("parentResourceId", "The ID of the parent, within which the name is unique.", text())
	add("filterQuery", "A condition that the entities must meet, such as name = 'x' AND state = 'LIVE'.", text())
	add("pageSize", "How many entities a page has at most. Without it, there is one page of all.",
		object{"type": "string", "pattern": "^([+-]?[0-9]+)?$"})
	add("orderBy", "What the list is ordered by. The default is the ID.", ref("OrderByField"))
	add("sortOrder", "The direction of the list. The default is ASC.", ref("SortOrder"))
	add("nextPageToken", "The token of the page before. Empty is the first page.", text())
	for _, u := range a.Unions {
		add(u.Member, "Restricts the list to one kind.", ref(queryEnum(u)))
	}
	for _, r := range a.Resources {
		if r.HistoryOf != nil && r.E.REST.History.Step != nil {
			step := r.E.REST.History.Step.Name
			add(step+"Ids", "Restricts the list to some values of "+step+", with commas between them.", text())
		}
	}
	return out
}

// idParam returns the parameters of a path with an ID.
func idParam(name, title string) []any {
	return []any{object{
		"name": name, "in": "path", "required": true, "description": "The ID of the " + title + ".",
		"schema": object{"type": "string", "pattern": pathIDPattern},
	}}
}

func (d *document) resource(r *Resource) {
	name, plural := r.E.Name, ir.GoName(r.E.REST.Path)
	if r.HistoryOf != nil {
		d.history(r)
		return
	}
	d.entity(r, whole)
	id := r.E.REST.Singular + "_id"
	one := r.E.REST.Path + "/{" + id + "}"
	param := idParam(id, r.Title)
	title, titles := withArticle(r.Title), words(r.E.REST.Path)
	if r.Has("find") {
		query := []string{"name", "externalId"}
		if r.E.Parent != nil {
			query = append(query, "parentResourceId")
		}
		d.add(operation{
			method: "GET", path: r.Singular, id: "find" + name, summary: "Find " + title + ".", tag: name,
			query: query, result: name, success: []int{200}, fails: []int{404},
		})
	}
	if r.Has("list") {
		d.list(name, titles)
		d.add(operation{
			method: "GET", path: r.Plural, id: "get" + plural, summary: "List " + titles + ".", tag: name,
			query: pageQuery, result: name + "List", success: []int{200},
		})
	}
	if r.Has("create") {
		d.entity(r, create)
		fails := []int{409, 422}
		if r.E.Parent != nil || len(r.References) > 0 {
			fails = append(fails, 404)
		}
		d.add(operation{
			method: "POST", path: r.Plural, id: "create" + name, summary: "Create " + title + ".", tag: name,
			body: name + "Create", result: name, success: []int{201}, fails: fails,
		})
	}
	if r.Has("get") {
		d.add(operation{
			method: "GET", path: one, params: param, id: "get" + name, summary: "Get " + title + ".", tag: name,
			result: name, success: []int{200}, fails: []int{404},
		})
	}
	if r.Has("update") {
		d.entity(r, update)
		d.add(operation{
			method: "PATCH", path: one, params: param, id: "update" + name, summary: "Change " + title + ".", tag: name,
			body: name + "Update", result: name, success: []int{200}, fails: []int{404, 409},
		})
	}
	for _, c := range r.Children {
		d.list(name, titles)
		body := name
		if !c.Whole {
			d.entity(r, create)
			body += "Create"
		}
		d.children(c, name, titles, title, []string{"name", "externalId"}, "create", body, []int{201})
	}
	for _, f := range r.References {
		if path := f.REST.Reference.Path; path != "" {
			target := f.REST.Reference.Entity
			d.add(operation{
				method: "GET", path: one + "/" + path, params: param, id: "get" + name + ir.GoName(path),
				summary: "Get the " + words(target.REST.Singular) + " of " + title + ".", tag: name,
				result: target.Name, success: []int{200}, fails: []int{404},
			})
		}
	}
}

// children adds the operations below a parent. verb begins the operation ID of the
// POST.
func (d *document) children(c Child, name, titles, title string, query []string, verb, body string, created []int) {
	parent := c.Parent.REST
	id := parent.Singular + "_id"
	path, param := parent.Path+"/{"+id+"}/"+c.Path, idParam(id, words(parent.Singular))
	d.add(operation{
		method: "GET", path: path, params: param, id: "get" + Plural(c.Operation),
		summary: "List the " + titles + " of " + withArticle(words(parent.Singular)) + ".", tag: name,
		query: append(query, pageQuery...), result: name + "List", success: []int{200}, fails: []int{404},
	})
	d.add(operation{
		method: "POST", path: path, params: param, id: verb + c.Operation,
		summary: "Create " + title + " in " + withArticle(words(parent.Singular)) + ".", tag: name,
		body: body, result: name, success: created, fails: []int{404, 409, 422},
	})
}

// Plural returns the plural of a name in camel case.
func Plural(name string) string { return ir.GoName(ir.Plural(ir.Snake(name))) }

func (d *document) union(u *Union) {
	for _, f := range []form{whole, create, update} {
		d.oneOf(u, f)
	}
	var values []string
	for _, r := range u.Members {
		values = append(values, r.E.REST.Value)
	}
	d.schemas[queryEnum(u)] = described(object{"type": "string", "enum": values}, "The kinds of "+u.Title+".")
	d.list(u.Name, words(u.Plural))
	title, titles := withArticle(u.Title), words(u.Plural)
	one, param := u.Plural+"/{id}", idParam("id", u.Title)
	d.add(operation{
		method: "GET", path: u.Singular, id: "find" + u.Name, summary: "Find " + title + ".", tag: u.Name,
		query: []string{"name", "externalId", "parentResourceId"}, result: u.Name, success: []int{200}, fails: []int{404},
	})
	d.add(operation{
		method: "GET", path: u.Plural, id: "get" + ir.GoName(u.Plural), summary: "List " + titles + ".", tag: u.Name,
		query: append([]string{u.Member}, pageQuery...), result: u.Name + "List", success: []int{200},
	})
	d.add(operation{
		method: "POST", path: u.Plural, id: "create" + u.Name, summary: "Create " + title + ".", tag: u.Name,
		body: u.Name + "Create", result: u.Name, success: []int{201}, fails: []int{404, 409, 422},
	})
	d.add(operation{
		method: "GET", path: one, params: param, id: "get" + u.Name, summary: "Get " + title + ".", tag: u.Name,
		result: u.Name, success: []int{200}, fails: []int{404},
	})
	d.add(operation{
		method: "PATCH", path: one, params: param, id: "update" + u.Name, summary: "Change " + title + ".", tag: u.Name,
		body: u.Name + "Update", result: u.Name, success: []int{200}, fails: []int{404, 409},
	})
	for _, c := range u.Children {
		d.children(c, u.Name, titles, title, []string{"name", "externalId", u.Member}, "upsert", u.Name, []int{200, 201})
	}
}

func withArticle(title string) string {
	if strings.ContainsRune("aeiou", rune(title[0])) {
		return "an " + title
	}
	return "a " + title
}
