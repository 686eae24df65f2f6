package openlineage

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/mlmd-go/sdk/internal/exchange"
	"github.com/mlmd-go/sdk/pkg/lineage"
)

// A base has what the specification requires of all facets.
type base struct {
	Producer  string `json:"_producer"`
	SchemaURL string `json:"_schemaURL"`
}

func (x exporter) base(url string) base { return base{x.Producer, url} }

type documentation struct {
	base
	Description string `json:"description"`
}

type version struct {
	base
	DatasetVersion string `json:"datasetVersion"`
}

type schema struct {
	base
	Fields []field `json:"fields"`
}

type field struct {
	Name        string  `json:"name"`
	Type        string  `json:"type,omitempty"`
	Description string  `json:"description,omitempty"`
	Fields      []field `json:"fields,omitempty"`
}

// The facets below are described in facets-1-0-0.json.

type runFacet struct {
	base
	node
}

type datasetFacet struct {
	base
	Artifacts []artifact `json:"artifacts"`
}

type artifact struct {
	node
	Events []event `json:"events"`
}

// A node has what MLMD knows of an artifact or execution.
type node struct {
	ID               string         `json:"id"`
	Type             string         `json:"type"`
	Name             string         `json:"name,omitempty"`
	ExternalID       string         `json:"externalId,omitempty"`
	State            string         `json:"state,omitempty"`
	CreateTime       string         `json:"createTime,omitempty"`
	UpdateTime       string         `json:"updateTime,omitempty"`
	Properties       map[string]any `json:"properties,omitempty"`
	CustomProperties map[string]any `json:"customProperties,omitempty"`
	Contexts         []membership   `json:"contexts,omitempty"`
}

// A membership is a context that a node belongs to.
type membership struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Name string `json:"name,omitempty"`
}

// An event of MLMD.
type event struct {
	Kind string         `json:"kind"`
	Path []lineage.Step `json:"path,omitempty"`
	Time string         `json:"time,omitempty"`
}

func (x exporter) node(n *lineage.Node) node {
	p := exchange.PropertiesOf(n)
	return node{
		n.ID, n.TypeName, n.Name, n.ExternalID, n.State, timeOf(n.CreateTime), timeOf(n.UpdateTime),
		p.Own, p.Custom, x.contexts(n),
	}
}

// maxDepth is how deeply fields of a schema are nested at most.
const maxDepth = 20

// schemaFields returns the fields of a schema in JSON: the properties of a JSON
// schema, the fields of Avro, Arrow or Spark, or the columns of MLflow. It returns
// nil for other texts.
func schemaFields(text string) []field {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return nil
	}
	return fieldsOf(json.RawMessage(text), maxDepth)
}

func fieldsOf(raw json.RawMessage, depth int) []field {
	var s struct {
		Properties json.RawMessage   `json:"properties"`
		Fields     []json.RawMessage `json:"fields"`
		Columns    []json.RawMessage `json:"mlflow_colspec"`
	}
	if depth == 0 || json.Unmarshal(raw, &s) != nil {
		return nil
	}
	var out []field
	for _, c := range append(s.Fields, s.Columns...) {
		var named struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(c, &named) == nil && named.Name != "" {
			out = append(out, fieldOf(named.Name, c, depth))
		}
	}
	d := json.NewDecoder(bytes.NewReader(s.Properties)) // keeps the order of the members
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return out
	}
	for d.More() {
		name, err := d.Token()
		var member json.RawMessage
		if err != nil || d.Decode(&member) != nil {
			return out
		}
		out = append(out, fieldOf(name.(string), member, depth))
	}
	return out
}

func fieldOf(name string, raw json.RawMessage, depth int) field {
	f := field{Name: name, Fields: fieldsOf(raw, depth-1)}
	var s struct {
		Type        json.RawMessage `json:"type"`
		Description json.RawMessage `json:"description"`
	}
	if json.Unmarshal(raw, &s) != nil {
		return f
	}
	if json.Unmarshal(s.Type, &f.Type) != nil && len(s.Type) > 0 {
		if nested := fieldsOf(s.Type, depth-1); nested != nil { // of Avro and Spark
			f.Fields = append(f.Fields, nested...)
			var t struct {
				Type string `json:"type"`
			}
			if json.Unmarshal(s.Type, &t) == nil {
				f.Type = t.Type
			}
		} else {
			var b bytes.Buffer
			if json.Compact(&b, s.Type) == nil {
				f.Type = b.String()
			}
		}
	}
	if json.Unmarshal(s.Description, &f.Description) != nil {
		f.Description = ""
	}
	return f
}
