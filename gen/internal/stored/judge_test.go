package stored_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
	"github.com/mlmd-go/sdk/gen/internal/stored"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

// The flag lets go test ./gen/... -update run this package too.
var _ = flag.Bool("update", false, "has no effect here")

const before = `openapi: 3.0.3
info: {title: x, version: '1'}
paths: {}
components:
  schemas:
    Project:
      x-mlmd-kind: context
      type: object
      required: [name]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
        mood: {$ref: '#/components/schemas/Mood'}
    Thing:
      x-mlmd-kind: artifact
      x-mlmd-copies: {thing: name}
      type: object
      required: [name]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
        extras: {type: object, x-mlmd-store: custom}
        size: {type: integer, default: 3}
        note: {type: string, x-mlmd-renamed-from: remark}
        unused: {type: string}
        mood: {$ref: '#/components/schemas/Mood'}
        parts: {type: array, items: {$ref: '#/components/schemas/Part'}}
        address: {type: string, x-mlmd-store: uri}
        from: {$ref: '#/components/schemas/From'}
    Never:
      x-mlmd-kind: execution
      type: object
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
    Mood: {type: string, enum: [good, bad, ugly, odd]}
    Part:
      type: object
      properties:
        label: {type: string}
        mood: {$ref: '#/components/schemas/Mood'}
        spare: {type: string}
    From:
      oneOf:
        - $ref: '#/components/schemas/File'
        - $ref: '#/components/schemas/Query'
        - $ref: '#/components/schemas/Call'
      discriminator: {propertyName: kind}
    File: {type: object, required: [kind], properties: {kind: {type: string}, path: {type: string}}}
    Query: {type: object, required: [kind], properties: {kind: {type: string}, text: {type: string}}}
    Call: {type: object, required: [kind], properties: {kind: {type: string}, to: {type: string}}}
`

func graph(t *testing.T, src string) *ir.Graph {
	t.Helper()
	set, err := spec.Load(t.Context(), "spec.yaml", func(string) ([]byte, error) { return []byte(src), nil })
	if err != nil {
		t.Fatal(err)
	}
	g := ir.Build(set)
	if ps := set.Problems(); len(ps) > 0 {
		t.Fatal(ps.Sorted())
	}
	return g
}

// things is a store with four things, one project and no execution. The mood of one
// part is odd, and one thing is bad.
func things(t *testing.T) mlmdpb.MetadataStoreServiceClient {
	t.Helper()
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	rpc := s.Client()
	text := func(s string) *mlmdpb.Value { return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}} }
	const str = mlmdpb.PropertyType_STRING
	typ, err := rpc.PutArtifactType(t.Context(), &mlmdpb.PutArtifactTypeRequest{ArtifactType: &mlmdpb.ArtifactType{
		Name: new("Thing"), Properties: map[string]mlmdpb.PropertyType{
			"thing": str, "size": mlmdpb.PropertyType_INT, "note": str, "remark": str, "unused": str, "mood": str,
			"parts": mlmdpb.PropertyType_STRUCT, "from": mlmdpb.PropertyType_STRUCT,
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := structpb.NewStruct(map[string]any{"parts": []any{
		map[string]any{"label": "short"}, map[string]any{"label": "a long label", "mood": "odd"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var all []*mlmdpb.Artifact
	for i := range 4 {
		all = append(all, &mlmdpb.Artifact{
			TypeId: typ.TypeId, Name: new(fmt.Sprint(i)), Properties: map[string]*mlmdpb.Value{"thing": text(fmt.Sprint(i))},
		})
	}
	all[0].Properties["size"] = &mlmdpb.Value{Value: &mlmdpb.Value_IntValue{IntValue: 40}}
	all[0].Properties["note"] = text("a long note")
	all[1].Properties["remark"] = text("old")
	all[2].Properties["mood"] = text("bad")
	all[3].Properties["parts"] = &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: parts}}
	from, err := structpb.NewStruct(map[string]any{"kind": "Query", "text": "SELECT 1"})
	if err != nil {
		t.Fatal(err)
	}
	all[1].Properties["from"] = &mlmdpb.Value{Value: &mlmdpb.Value_StructValue{StructValue: from}}
	all[3].CustomProperties = map[string]*mlmdpb.Value{"later": text("x")}
	if _, err := rpc.PutArtifacts(t.Context(), &mlmdpb.PutArtifactsRequest{Artifacts: all}); err != nil {
		t.Fatal(err)
	}
	project, err := rpc.PutContextType(t.Context(), &mlmdpb.PutContextTypeRequest{ContextType: &mlmdpb.ContextType{
		Name: new("Project"), Properties: map[string]mlmdpb.PropertyType{"mood": str},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = rpc.PutContexts(t.Context(), &mlmdpb.PutContextsRequest{Contexts: []*mlmdpb.Context{
		{TypeId: project.TypeId, Name: new("p"), Properties: map[string]*mlmdpb.Value{"mood": text("good")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return rpc
}

// What each change concerns of what is stored: "RULE path n/of", with "excused"
// where n is 0 and the change so breaks nothing.
func TestJudge(t *testing.T) {
	rpc := things(t)
	judged := map[string]bool{}
	for _, c := range []struct {
		change []string // each even member becomes the odd one after it
		want   []string
	}{
		{
			[]string{"enum: [good, bad, ugly, odd]", "enum: [good]"},
			[]string{
				"ENUM_VALUE_NO_DELETE Project.mood 1/5", "ENUM_VALUE_NO_DELETE Project.mood 0/5 excused",
				"ENUM_VALUE_NO_DELETE Project.mood 1/5",
			},
		},
		{[]string{"        unused: {type: string}\n", ""}, []string{"FIELD_NO_DELETE Thing.unused 0/4 excused"}},
		{
			[]string{"        note: {type: string, x-mlmd-renamed-from: remark}\n", ""},
			[]string{"FIELD_NO_DELETE Thing.note 2/4"},
		},
		{[]string{"        label: {type: string}\n", ""}, []string{"FIELD_NO_DELETE Thing.parts[].label 1/4"}},
		{
			[]string{"        spare: {type: string}\n", ""},
			[]string{"FIELD_NO_DELETE Thing.parts[].spare 0/4 excused"},
		},
		{
			[]string{"address: {type: string, x-mlmd-store: uri}", "address: {type: string}"},
			[]string{"FIELD_KEY_NOT_CUSTOM Thing.address 0/4 excused", "FIELD_SAME_SLOT Thing.address 0/4 excused"},
		},
		{
			[]string{"unused: {type: string}", "unused: {type: integer}"},
			[]string{"FIELD_SAME_TYPE Thing.unused 0/4 excused"},
		},
		{
			[]string{"note: {type: string,", "note: {type: string, enum: [old],"},
			[]string{"FIELD_SAME_TYPE Thing.note 1/4", "FIELD_SAME_TYPE_AS_REMOVED Thing.note 1/4"},
		},
		{
			[]string{"note: {type: string,", "note: {type: string, enum: [old, a long note],"},
			[]string{"FIELD_SAME_TYPE Thing.note 0/4 excused", "FIELD_SAME_TYPE_AS_REMOVED Thing.note 1/4"},
		},
		{
			[]string{"size: {type: integer, default: 3}", "size: {type: integer, default: 4}"},
			[]string{"FIELD_SAME_DEFAULT Thing.size 3/4"},
		},
		{[]string{", x-mlmd-renamed-from: remark", ""}, []string{"FIELD_KEEPS_OLD_NAMES Thing.note 1/4"}},
		{
			[]string{"x-mlmd-renamed-from: remark}", "maxLength: 5, x-mlmd-renamed-from: remark}"},
			[]string{"FIELD_NOT_STRICTER Thing.note 1/4"},
		},
		{
			[]string{"label: {type: string}", "label: {type: string, maxLength: 6}"},
			[]string{"FIELD_NOT_STRICTER Thing.parts[].label 1/4"},
		},
		{
			[]string{"size: {type: integer, ", "size: {type: integer, maximum: 50, "},
			[]string{"FIELD_NOT_STRICTER Thing.size 0/4"},
		},
		{
			[]string{
				"x-mlmd-copies: {thing: name}\n      type: object\n      required: [name]",
				"x-mlmd-copies: {thing: name}\n      type: object\n      required: [name, note]",
			},
			[]string{"FIELD_NOT_NEWLY_REQUIRED Thing.note 2/4"},
		},
		{[]string{"x-mlmd-copies: {thing: name}\n      ", ""}, []string{"COPY_NO_DELETE Thing 4/4"}},
		{
			[]string{"unused: {type: string}", "unused: {type: string}\n        later: {type: string}"},
			[]string{"FIELD_KEY_NOT_CUSTOM Thing.later 1/4"},
		},
		{
			[]string{"x-mlmd-kind: execution", "x-mlmd-kind: context\n      required: [name]"},
			[]string{"ENTITY_SAME_KIND Never 0/0 excused", "FIELD_NOT_NEWLY_REQUIRED Never.name 0/0"},
		},
		{
			[]string{"x-mlmd-kind: artifact\n", "x-mlmd-kind: artifact\n      x-mlmd-type: kf.Thing\n"},
			[]string{"ENTITY_SAME_TYPE_NAME Thing 4/4"},
		},
		{
			[]string{before[strings.Index(before, "    Never:"):strings.Index(before, "    Mood: ")], ""},
			[]string{"ENTITY_NO_DELETE Never 0/0 excused"},
		},
		{
			[]string{"        extras:", "        projectId: {type: string, x-mlmd-parent: Project}\n        extras:"},
			[]string{"PARENT_SAME Thing 4/4"},
		},
		{
			[]string{"renamed-from: remark}", "renamed-from: []}\n        remark: {type: integer}"},
			[]string{
				"FIELD_KEEPS_OLD_NAMES Thing.note 1/4", "FIELD_KEY_NOT_CUSTOM Thing.remark 0/4 excused",
				"FIELD_SAME_TYPE_AS_REMOVED Thing.remark 1/4",
			},
		},
		{
			[]string{
				"        - $ref: '#/components/schemas/File'\n", "", "        - $ref: '#/components/schemas/Query'\n", "",
			},
			[]string{"UNION_VARIANT_NO_DELETE Thing.from 0/4 excused", "UNION_VARIANT_NO_DELETE Thing.from 1/4"},
		},
		{
			[]string{"{propertyName: kind}", "{propertyName: kind, mapping: {query: Query}}"},
			[]string{"UNION_SAME_DISCRIMINATOR Thing.from 1/4"},
		},
		{
			[]string{", text: {type: string}", ""},
			[]string{"FIELD_NO_DELETE Thing.from.text 1/4"},
		},
		{
			[]string{", to: {type: string}", ""},
			[]string{"FIELD_NO_DELETE Thing.from.to 0/4 excused"},
		},
		{
			[]string{"        note: {type: string", "        note: {type: string, x-go-name: Remark"},
			[]string{"FIELD_SAME_GO_NAME Thing.note"},
		},
	} {
		if got := judge(t, rpc, before, c.change, judged); !slices.Equal(got, sorted(c.want)) {
			t.Errorf("%q:\n got %q\nwant %q", c.change[1], got, c.want)
		}
	}
	// The others are about callers, which are not counted, and TestJudge_Edges has the edges.
	others := []string{
		"ENTITY_SAME_NAME", "ENTITY_SAME_NAME_RULE", "ENTITY_SAME_GO_NAME", "FIELD_SAME_NAME", "FIELD_SAME_GO_NAME",
		"FIELD_STILL_INTEGER", "FIELD_STILL_REQUIRED", "FIELD_NOT_NEWLY_IMMUTABLE", "OBJECT_SAME_MEMBERS",
		"REST_OPERATION_NO_DELETE", "EDGE_NO_DELETE", "EDGE_SAME_NAME", "EDGE_SAME_KIND", "EDGE_KEEPS_TARGETS",
		"EDGE_NOT_STRICTER", "REST_MEMBER_NO_DELETE", "REST_NOT_NEWLY_REQUIRED", "REST_SAME_TYPE", "REST_SAME_DEFAULT",
	}
	for _, r := range breaking.Rules() {
		if judged[r.ID] == slices.Contains(others, r.ID) {
			t.Errorf("%s: judged is %t: add a case, or list it with the others", r.ID, judged[r.ID])
		}
	}
}

// judge returns what is found in a change of the spec, sorted. Each even member of the
// change becomes the odd one after it.
func judge(
	t *testing.T, rpc mlmdpb.MetadataStoreServiceClient, before string, change []string, judged map[string]bool,
) (out []string) {
	t.Helper()
	after := before
	for i := 0; i < len(change); i += 2 {
		if strings.Count(after, change[i]) != 1 {
			t.Fatalf("%q stands %d times in the spec", change[i], strings.Count(after, change[i]))
		}
		after = strings.Replace(after, change[i], change[i+1], 1)
	}
	old, now := graph(t, before), graph(t, after)
	fs := breaking.Compare(old, now, nil, nil, nil)
	if err := stored.Judge(rpc)(t.Context(), old, now, fs); err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		line := f.Rule.ID + " " + f.Path
		if f.Stored != nil {
			judged[f.Rule.ID] = true
			line += fmt.Sprintf(" %d/%d", f.Stored.Entities, f.Stored.Of)
			if f.Stored.Excused {
				line += " excused"
			}
		}
		out = append(out, line)
	}
	return sorted(out)
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}
