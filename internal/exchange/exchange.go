// Package exchange has what the formats share in which lineage is exported.
package exchange

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

	"github.com/google/uuid"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
	"github.com/mlmd-go/sdk/pkg/value"
)

// ID returns the UUID that text has in a store: version 5 of it, in the namespace
// that is version 5 of the store's name as a URL.
func ID(store, text string) string {
	return uuid.NewSHA1(uuid.NewSHA1(uuid.NameSpaceURL, []byte(store)), []byte(text)).String()
}

// Properties are the properties of a node as JSON has them.
type Properties struct {
	Own, Custom map[string]any
}

// PropertiesOf returns the properties of n as they are stored or, if the graph was
// read from JSON, the members of its entity. Doubles that JSON lacks are texts, and
// values that MLMD lacks are left out.
func PropertiesOf(n *lineage.Node) Properties {
	switch m := n.Message.(type) {
	case *mlmdpb.Artifact:
		return Properties{fromProto(m.GetProperties()), fromProto(m.GetCustomProperties())}
	case *mlmdpb.Execution:
		return Properties{fromProto(m.GetProperties()), fromProto(m.GetCustomProperties())}
	case *mlmdpb.Context:
		return Properties{fromProto(m.GetProperties()), fromProto(m.GetCustomProperties())}
	}
	return ofEntity(n.Value)
}

// Text returns the own property with one of the names that is a text and not empty,
// or "".
func (p Properties) Text(names ...string) string {
	for _, name := range names {
		if s, _ := p.Own[name].(string); s != "" {
			return s
		}
	}
	return ""
}

func fromProto(ps map[string]*mlmdpb.Value) map[string]any {
	out := make(map[string]any, len(ps))
	for name, p := range ps {
		if d := p.GetDoubleValue(); math.IsNaN(d) || math.IsInf(d, 0) {
			out[name] = strconv.FormatFloat(d, 'g', -1, 64)
		} else if v := gensupport.FromProto(p); v.Err() == nil {
			out[name] = plain(v)
		}
	}
	return out
}

// ofNode are the members of entities that a [lineage.Node] has, too.
var ofNode = []string{
	"id", "name", "externalId", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch", "customProperties", "uri",
}

func ofEntity(entity any) Properties {
	p := Properties{map[string]any{}, map[string]any{}}
	raw, err := json.Marshal(entity)
	if err != nil {
		return p
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&p.Own) != nil || p.Own == nil {
		p.Own = map[string]any{}
	}
	for _, name := range ofNode {
		delete(p.Own, name)
	}
	for name, v := range p.Own {
		if v == nil {
			delete(p.Own, name)
		}
	}
	var custom struct {
		CustomProperties value.Map `json:"customProperties"`
	}
	if json.Unmarshal(raw, &custom) == nil {
		for name, v := range custom.CustomProperties {
			p.Custom[name] = plain(v)
		}
	}
	return p
}

// plain returns a valid v as encoding/json can encode it.
func plain(v value.Value) any {
	if s, ok := v.AsString(); ok {
		return s
	}
	if i, ok := v.AsInt(); ok {
		return i
	}
	if f, ok := v.AsDouble(); ok {
		return f
	}
	if b, ok := v.AsBool(); ok {
		return b
	}
	if s, ok := v.AsJSON(); ok {
		return json.RawMessage(s)
	}
	if typeURL, message, ok := v.AsProto(); ok {
		return map[string]any{"@type": typeURL, "value": base64.StdEncoding.EncodeToString(message)}
	}
	return v.String()
}

// String returns a property as text: a string as it is, and all else as JSON.
func String(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(raw)
}

// Title returns a text to call n by that is never empty: its name, the ID that a
// caller gave it, or its reference.
func Title(n *lineage.Node) string {
	switch {
	case n.Name != "":
		return n.Name
	case n.ExternalID != "":
		return n.ExternalID
	}
	return n.Ref.String()
}

// Flow returns the artifact and the execution of an edge, and whether the execution
// made it. ok is false if the edge does not follow the data, or connects other nodes.
func Flow(e lineage.Edge) (artifact, execution lineage.Ref, output, ok bool) {
	if e.Kind.IsMembership() || e.Kind == lineage.UnknownEvent {
		return artifact, execution, false, false
	}
	switch {
	case e.From.Kind == mlmd.Artifact && e.To.Kind == mlmd.Execution:
		return e.From, e.To, false, true
	case e.From.Kind == mlmd.Execution && e.To.Kind == mlmd.Artifact:
		return e.To, e.From, true, true
	}
	return artifact, execution, false, false
}
