package spec

import (
	"bytes"
	"encoding/json"
	"maps"
)

// A jsonSchema is a JSON Schema of draft 7, which the YAML support of editors
// knows best.
type jsonSchema = map[string]any

// members are the members of an object, by name.
type members map[string]jsonSchema

var (
	text          = jsonSchema{"type": "string"}
	nonEmpty      = jsonSchema{"type": "string", "minLength": 1}
	boolean       = jsonSchema{"type": "boolean"}
	count         = jsonSchema{"type": "integer", "minimum": 0}
	anything      = jsonSchema{}
	goNameSchema  = jsonSchema{"type": "string", "pattern": "^[A-Z][A-Za-z0-9]*$"}
	segmentSchema = jsonSchema{"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}
	oneOrMany     = jsonSchema{"anyOf": []jsonSchema{nonEmpty, {"type": "array", "items": nonEmpty}}}
)

func enumOf(values []string) jsonSchema { return jsonSchema{"type": "string", "enum": values} }
func listOf(item jsonSchema) jsonSchema { return jsonSchema{"type": "array", "items": item} }
func mapOf(value jsonSchema) jsonSchema {
	return jsonSchema{"type": "object", "additionalProperties": value}
}

func reference(definition string) jsonSchema {
	return jsonSchema{"$ref": "#/definitions/" + definition}
}

// object returns the schema of an object that has no other members.
func object(m members, required ...string) jsonSchema {
	out := jsonSchema{"type": "object", "properties": m, "additionalProperties": false}
	if required != nil {
		out["required"] = required
	}
	return out
}

var acceptedSchema = listOf(object(members{
	"rule": nonEmpty, "reason": nonEmpty,
	"since": {"type": "string", "pattern": `^\d{4}-\d{2}-\d{2}$`},
}, "rule", "since", "reason"))

func edgesSchema() jsonSchema {
	return mapOf(object(members{
		"kind": enumOf(EdgeKinds), "to": oneOrMany, "key": nonEmpty, "step": enumOf(EdgeSteps), "inverse": nonEmpty,
		"go": nonEmpty, "required": boolean, "unique": boolean, "max": count, "description": text,
		"accepted": acceptedSchema,
	}, "kind", "to"))
}

// keywordSchemas are the schemas of the values of keywords, for both versions of
// OpenAPI. Those without one may have any value.
func keywordSchemas() members {
	types := []string{"string", "integer", "number", "boolean", "array", "object", "null"}
	inner, property := reference("schema"), reference("property")
	bound := jsonSchema{"type": []string{"number", "boolean"}}
	discriminator := object(members{"propertyName": nonEmpty, "mapping": mapOf(nonEmpty)}, "propertyName")
	discriminator["patternProperties"] = jsonSchema{"^x-": anything}
	return members{
		"$ref": nonEmpty,
		"type": {"anyOf": []jsonSchema{
			enumOf(types), {"type": "array", "items": enumOf(types)},
		}},
		"format":               nonEmpty,
		"pattern":              {"type": "string", "format": "regex"},
		"title":                text,
		"description":          text,
		"enum":                 {"type": "array", "minItems": 1},
		"x-enum-varnames":      listOf(nonEmpty),
		"required":             listOf(nonEmpty),
		"allOf":                listOf(inner),
		"oneOf":                listOf(inner),
		"anyOf":                listOf(inner),
		"discriminator":        discriminator,
		"properties":           mapOf(property),
		"$defs":                mapOf(inner),
		"items":                inner,
		"additionalProperties": {"anyOf": []jsonSchema{boolean, inner}},
		"examples":             {"type": "array"},
		"minimum":              {"type": "number"},
		"maximum":              {"type": "number"},
		"exclusiveMinimum":     bound,
		"exclusiveMaximum":     bound,
		"maxLength":            count,
		"minLength":            count,
		"maxItems":             count,
		"minItems":             count,
		"maxProperties":        count,
		"minProperties":        count,
		"nullable":             boolean,
		"deprecated":           boolean,
		"readOnly":             boolean,
		"writeOnly":            boolean,
		"uniqueItems":          boolean,
	}
}

// schemaObject returns the schema of a schema object at a place: with the
// extensions that are allowed there, and those of other tools.
func schemaObject(place Place) jsonSchema {
	known := keywordSchemas()
	for _, version := range []bool{false, true} {
		for name := range keywords(version) {
			if known[name] == nil {
				known[name] = anything
			}
		}
	}
	for _, x := range Extensions() {
		if x.Where&place != 0 {
			s := maps.Clone(x.value)
			s["description"] = x.Doc
			known[x.Name] = s
		}
	}
	out := object(known)
	out["patternProperties"] = jsonSchema{"^x-(?!mlmd-|rest-)": anything}
	return out
}

// JSONSchema returns a JSON Schema of specs, for editors. It restricts schemas and
// their extensions; the paths of a spec may be anything.
func JSONSchema() []byte {
	document := jsonSchema{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "A spec of entities: OpenAPI 3.0 or 3.1 with the extensions of mlmd-go",
		"description": "Made by gen -print-schema from the table of extensions.",
		"type":        "object",
		"required":    []string{"openapi", "components"},
		"properties": members{
			"openapi": {"type": "string", "pattern": `^3\.[01]\.\d+$`, "description": "The version: 3.0.3 or 3.1.0."},
			"components": {
				"type": "object", "properties": members{"schemas": mapOf(reference("entity"))}, "required": []string{"schemas"},
			},
		},
		"definitions": members{
			"entity":   schemaObject(OnEntity),
			"property": schemaObject(OnProperty),
			"schema":   schemaObject(0),
		},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(document); err != nil {
		panic("spec: " + err.Error()) // the values are all of JSON
	}
	return b.Bytes()
}
