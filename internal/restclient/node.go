package restclient

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// The JSON members that every entity may have.
const (
	idMember      = "id"
	nameMember    = "name"
	createdMember = "createTimeSinceEpoch"
	updatedMember = "lastUpdateTimeSinceEpoch"
	customMember  = "customProperties"
)

// An object is the JSON object of an entity.
type object map[string]json.RawMessage

// text returns a member that is a string or a number, or "".
func (o object) text(name string) string {
	raw := bytes.TrimSpace(o[name])
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if _, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return string(raw)
	}
	return ""
}

func (o object) number(name string) int64 {
	n, _ := strconv.ParseInt(o.text(name), 10, 64)
	return n
}

// noParent stands in a stored name for the ID of a parent that the API does not
// tell.
const noParent = "00000000-0000-0000-0000-000000000000"

// isOf reports whether the object is of the entity, by its constants.
func (p *place) isOf(o object) bool {
	for name, want := range p.table.Constants {
		if got := o.text(name); got != want && got != "" {
			return false
		}
	}
	return true
}

// node returns the node of the entity in an answer. parent is the ID of its
// parent if that is known from the request, or 0.
func (c *Client) node(p *place, o object, parent int64) (proto.Message, error) {
	id := o.number(idMember)
	if id <= 0 {
		return nil, status.Errorf(codes.Internal, "the server answered with %s %s without an ID",
			p.Entity, o.text(nameMember))
	}
	m := mlmd.Parent{UUID: noParent}
	if e := p.Parent; e != nil {
		if n := o.number(e.Field); n > 0 {
			parent = n
		}
		if parent == 0 {
			parent = c.parentOf(edge{p.Kind, id})
		}
		if parent > 0 {
			o[e.Field] = json.RawMessage(strconv.Quote(strconv.FormatInt(parent, 10)))
			m.ID = parent
			c.noteParent(edge{p.Kind, id}, parent)
		}
	}
	v := p.mapping.New()
	fill(v, o)
	n, err := p.mapping.EncodeAny(v, m)
	if n == nil {
		return nil, status.Errorf(codes.Internal, "the server answered with %s %d that cannot be read: %v", p.Entity, id, err)
	}
	setIdentity(n, p.entity, id, o.number(createdMember), o.number(updatedMember))
	props := propertiesOf(n)
	for i := range p.Fields {
		if f := &p.Fields[i]; f.Derived { // the parent's name is not known
			name, _ := f.Property()
			delete(props, name)
		}
	}
	return n, nil
}

// fill sets the fields of v. A member that cannot be read leaves its field unset.
func fill(v any, o object) {
	raw, err := json.Marshal(o)
	if err == nil && json.Unmarshal(raw, v) == nil {
		return
	}
	for name, member := range o {
		if name == customMember {
			member = readable(member)
		}
		one, err := json.Marshal(object{name: member})
		if err != nil {
			continue
		}
		if json.Unmarshal(one, v) != nil { // an integer may be text
			one, _ = json.Marshal(object{name: bytes.Trim(member, `"`)})
			_ = json.Unmarshal(one, v)
		}
	}
}

// readable returns custom properties in the form of the document. Some servers
// answer with the JSON of a struct instead of its base64. What cannot be read is
// left out.
func readable(raw json.RawMessage) json.RawMessage {
	var in map[string]map[string]any
	if json.Unmarshal(raw, &in) != nil {
		return json.RawMessage("{}")
	}
	out := map[string]any{}
	for name, v := range in {
		if text, ok := v["struct_value"].(string); ok && strings.HasPrefix(strings.TrimSpace(text), "{") {
			v["struct_value"] = base64.StdEncoding.EncodeToString([]byte(text))
		}
		if raw, err := json.Marshal(v); err == nil && isProperty(raw) {
			out[name] = v
		}
	}
	again, err := json.Marshal(out)
	if err != nil {
		return json.RawMessage("{}")
	}
	return again
}

func isProperty(raw []byte) bool {
	var v value.Value
	return json.Unmarshal(raw, &v) == nil
}

// setIdentity sets what the mapping leaves out.
func setIdentity(n proto.Message, e *entity, id, created, updated int64) {
	switch n := n.(type) {
	case *mlmdpb.Context:
		n.Id, n.TypeId, n.Type = &id, &e.id, &e.TypeName
		n.CreateTimeSinceEpoch, n.LastUpdateTimeSinceEpoch = &created, &updated
	case *mlmdpb.Artifact:
		n.Id, n.TypeId, n.Type = &id, &e.id, &e.TypeName
		n.CreateTimeSinceEpoch, n.LastUpdateTimeSinceEpoch = &created, &updated
	case *mlmdpb.Execution:
		n.Id, n.TypeId, n.Type = &id, &e.id, &e.TypeName
		n.CreateTimeSinceEpoch, n.LastUpdateTimeSinceEpoch = &created, &updated
	}
}

// A node is one of the three messages.
type node interface {
	proto.Message
	GetId() int64
	GetTypeId() int64
	GetName() string
	GetExternalId() string
	GetProperties() map[string]*mlmdpb.Value
	GetCustomProperties() map[string]*mlmdpb.Value
	GetCreateTimeSinceEpoch() int64
	GetLastUpdateTimeSinceEpoch() int64
}

func propertiesOf(n proto.Message) map[string]*mlmdpb.Value {
	if n, ok := n.(node); ok {
		return n.GetProperties()
	}
	return nil
}

// objectOf returns the JSON object of the entity that n stores.
func (p *place) objectOf(n proto.Message) (object, error) {
	v, err := p.mapping.DecodeAny(n)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "the %s cannot be sent: %v", p.Entity, err)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "the %s has no JSON: %v", p.Entity, err)
	}
	var o object
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, status.Errorf(codes.Internal, "the %s has no JSON object: %v", p.Entity, err)
	}
	return o, nil
}

// constants adds the constant members to the object.
func (p *place) constants(o object) object {
	for name, text := range p.table.Constants {
		o[name] = json.RawMessage(strconv.Quote(text))
	}
	return o
}

// takes reports whether the members that a request may have include name.
func (p *place) takes(members []string, name string) bool {
	return slices.Contains(members, name) || p.exact && slices.Contains(p.table.Hidden, name)
}
