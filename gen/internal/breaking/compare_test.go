package breaking_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/restapi"
	"github.com/mlmd-go/sdk/gen/internal/spec"
)

var update = flag.Bool("update", false, "rewrite docs/breaking.md")

// A change turns the lines of testdata/before.yaml into those of another spec:
// each even member becomes the odd one after it.
type change []string

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

func compare(t *testing.T, c change) []string {
	t.Helper()
	before := before(t)
	return compareSpecs(t, before, c.apply(t, before))
}

// before is the spec that the changes start from.
func before(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("testdata/before.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func (c change) apply(t *testing.T, src string) string {
	t.Helper()
	for i := 0; i < len(c); i += 2 {
		if strings.Count(src, c[i]) != 1 {
			t.Fatalf("%q stands %d times in the spec, want once", c[i], strings.Count(src, c[i]))
		}
		src = strings.Replace(src, c[i], c[i+1], 1)
	}
	return src
}

// apis returns the REST API of a spec.
func apis(g *ir.Graph) []*restapi.API {
	c := restapi.Config{Title: "Test", Path: "/api", Versions: []string{"v2", "v1"}}
	return restapi.Build(g, c, func(spec.Pos, string, string, string) {})
}

func compareSpecs(t *testing.T, before, after string) []string {
	t.Helper()
	var got []string
	old, now := graph(t, before), graph(t, after)
	for _, f := range breaking.Compare(old, now, nil, apis(old), apis(now)) {
		got = append(got, f.Rule.ID+" "+f.Path+": "+f.Msg)
	}
	return got
}

const (
	team = "    Team:\n      x-mlmd-kind: context\n      allOf:\n        - $ref: '#/components/schemas/Base'\n" +
		"        - required: [name]\n"
	extras = "          properties:\n            extras: {type: object, additionalProperties: true, x-mlmd-store: " +
		"custom}\n            note: {type: string}\n"
	text  = "text: {type: string, maxLength: 100, minLength: 2, pattern: '^a'}"
	size  = "size: {type: integer, minimum: 1, maximum: 10}"
	tags  = "tags: {type: array, items: {type: string, maxLength: 9}, maxItems: 5}"
	moved = "moved: {type: string, x-mlmd-renamed-from: [was, once]}"
)

const gone = "the member is gone from responses, requests to create, patches"

// A breakCase is a change, and what it breaks.
type breakCase struct {
	name   string
	change change
	want   []string
}

var breaks = []breakCase{
	{
		"an operation of the REST API goes",
		change{team, strings.Replace(team, "context\n", "context\n      x-rest-operations: [find, list, get]\n", 1)},
		[]string{
			"REST_OPERATION_NO_DELETE Team: PATCH teams/{team_id} is gone", "REST_OPERATION_NO_DELETE Team: POST teams is gone",
		},
	},
	{
		"a path of the REST API changes",
		change{"Topic}", "Topic, x-rest-child: {path: words, operation: TopicsRemark}}"},
		[]string{
			"REST_OPERATION_NO_DELETE Remark: GET topics/{topic_id}/remarks is gone",
			"REST_OPERATION_NO_DELETE Remark: POST topics/{topic_id}/remarks is gone",
		},
	},
	{
		"an operation ID changes",
		change{"Topic}", "Topic, x-rest-child: {operation: TopicsRemark}}"},
		[]string{
			"REST_OPERATION_NO_DELETE Remark: GET topics/{topic_id}/remarks: the operation ID getTopicRemarks is now " +
				"getTopicsRemarks",
			"REST_OPERATION_NO_DELETE Remark: POST topics/{topic_id}/remarks: the operation ID createTopicRemark is now " +
				"createTopicsRemark",
		},
	},
	{
		"a field is hidden from the REST API",
		change{"note: {", "note: {x-rest-hidden: true, "},
		[]string{"REST_MEMBER_NO_DELETE Team.note: " + gone},
	},
	{
		"a field goes from one version of the REST API",
		change{"note: {", "note: {x-rest-versions: [v2], "},
		[]string{"REST_MEMBER_NO_DELETE Team.note: " + gone},
	},
	{
		"a POST does not take whole entities any more",
		change{"whole: true", "whole: false"},
		[]string{"REST_SAME_TYPE Talk: POST topics/{topic_id}/talks takes TalkCreate and no longer Talk"},
	},
	{
		"an entity gets into a union",
		change{"x-mlmd-type: team.Prompt", "x-mlmd-type: team.Prompt\n      x-rest-union: {name: Text, member: sort}"},
		[]string{
			"REST_NOT_NEWLY_REQUIRED Prompt: requests must have sort: prompt",
			"REST_OPERATION_NO_DELETE Prompt: GET projects/{project_id}/prompts is gone",
			"REST_OPERATION_NO_DELETE Prompt: POST projects/{project_id}/prompts is gone",
		},
	},
	{
		"an entity has another value in a union",
		change{"value: letter", "value: mail"},
		[]string{"REST_SAME_TYPE Letter: sort: letter is now sort: mail"},
	},
	{
		"an entity gets out of a union",
		change{"      x-rest-union: {name: Text, member: sort, value: letter}\n", ""},
		[]string{
			"REST_MEMBER_NO_DELETE Letter: the member sort: letter is gone",
			"REST_OPERATION_NO_DELETE Text: GET text is gone",
			"REST_OPERATION_NO_DELETE Text: GET texts is gone",
			"REST_OPERATION_NO_DELETE Text: GET texts/{id} is gone",
			"REST_OPERATION_NO_DELETE Text: PATCH texts/{id} is gone",
			"REST_OPERATION_NO_DELETE Text: POST texts is gone",
		},
	},
	{
		"a default of the REST API changes",
		change{"tone: {$ref: '#/components/schemas/Tone'", "tone: {$ref: '#/components/schemas/Tone', x-rest-default: warm"},
		[]string{"REST_SAME_DEFAULT Prompt.tone: the default was nothing and is now warm"},
	},
	{"an entity is removed", change{team + extras, ""}, []string{"ENTITY_NO_DELETE Team: the entity is gone"}},
	{
		"an entity gets another name, and keeps its stored type",
		change{
			"    Team:\n      x-mlmd-kind: context\n",
			"    Crew:\n      x-mlmd-kind: context\n      x-mlmd-type: Team\n",
		},
		[]string{
			`ENTITY_SAME_NAME Crew: the entity Team has another name; its MLMD type "Team" is the same`,
			"REST_OPERATION_NO_DELETE Team: GET team is gone",
			"REST_OPERATION_NO_DELETE Team: GET teams is gone",
			"REST_OPERATION_NO_DELETE Team: GET teams/{team_id} is gone",
			"REST_OPERATION_NO_DELETE Team: PATCH teams/{team_id} is gone",
			"REST_OPERATION_NO_DELETE Team: POST teams is gone",
		},
	},
	{
		"a parent gets another name, and keeps its stored type",
		change{
			"    Project:\n      x-mlmd-kind: context\n",
			"    Venture:\n      x-mlmd-kind: context\n      x-mlmd-type: Project\n",
			"x-mlmd-parent: Project",
			"x-mlmd-parent: Venture",
		},
		[]string{
			`ENTITY_SAME_NAME Venture: the entity Project has another name; its MLMD type "Project" is the same`,
			"REST_OPERATION_NO_DELETE Project: GET project is gone",
			"REST_OPERATION_NO_DELETE Project: GET projects is gone",
			"REST_OPERATION_NO_DELETE Project: GET projects/{project_id} is gone",
			"REST_OPERATION_NO_DELETE Project: PATCH projects/{project_id} is gone",
			"REST_OPERATION_NO_DELETE Project: POST projects is gone",
			"REST_OPERATION_NO_DELETE Prompt: GET projects/{project_id}/prompts is gone",
			"REST_OPERATION_NO_DELETE Prompt: POST projects/{project_id}/prompts is gone",
		},
	},
	{
		"an entity changes its kind",
		change{team, strings.Replace(team, "context", "execution", 1)},
		[]string{"ENTITY_SAME_KIND Team: it was stored as context and is now stored as execution"},
	},
	{
		"an entity changes its stored type",
		change{"team.Prompt", "kf.Prompt"},
		[]string{`ENTITY_SAME_TYPE_NAME Prompt: the MLMD type "team.Prompt" is now "kf.Prompt"`},
	},
	{
		"names are stored another way",
		change{"x-mlmd-type: team.Prompt", "x-mlmd-type: team.Prompt\n      x-mlmd-name: plain"},
		[]string{"ENTITY_SAME_NAME_RULE Prompt: names were stored with the parent's id, and are now stored plain"},
	},
	{
		"a Go type gets another name",
		change{"x-mlmd-type: team.Prompt", "x-mlmd-type: team.Prompt\n      x-go-name: Template"},
		[]string{"ENTITY_SAME_GO_NAME Prompt: the Go type Prompt is now Template"},
	},
	{
		"the parent changes",
		change{"x-mlmd-parent: Project", "x-mlmd-parent: Team"},
		[]string{"PARENT_SAME Prompt: it had the parent Project and has now the parent Team"},
	},
	{
		"an entity loses its parent",
		change{
			"projectId: {type: string, x-mlmd-parent: Project}",
			"projectId: {type: string}",
			", project_id: parent.id",
			"",
		},
		[]string{
			"PARENT_SAME Prompt: it had the parent Project and has now no parent",
			`COPY_NO_DELETE Prompt: the copy "project_id" of parent.id is gone`,
			"FIELD_SAME_SLOT Prompt.projectId: it was stored in the link to the parent and is now stored in " +
				"properties.project_id",
		},
	},
	{
		"a copy goes",
		change{"{prompt: name, project_id: parent.id}", "{project_id: parent.name}"},
		[]string{
			`COPY_NO_DELETE Prompt: the copy "project_id" of parent.id now repeats parent.name`,
			`COPY_NO_DELETE Prompt: the copy "prompt" of name is gone`,
		},
	},
	{"a field is removed", change{text, ""}, []string{"FIELD_NO_DELETE Prompt.text: the field is gone"}},
	{
		"a field gets another name, and says its old one",
		change{"text: {", "body: {x-mlmd-renamed-from: text, "},
		[]string{
			"FIELD_SAME_NAME Prompt.body: the field text has another name",
			"REST_MEMBER_NO_DELETE Prompt.text: " + gone,
		},
	},
	{
		"an object gets another name in Go",
		change{"    Shape:\n", "    Shape:\n      x-go-name: Form\n"},
		[]string{
			"FIELD_SAME_GO_NAME Prompt.shape: the Go type *Shape is now *Form",
			"FIELD_SAME_GO_NAME Prompt.shape.inner: the Go type *Shape is now *Form",
			"FIELD_SAME_GO_NAME Prompt.parts: the Go type []Shape is now []Form",
		},
	},
	{
		"a Go field gets another name",
		change{"text: {", "text: {x-go-name: Body, "},
		[]string{"FIELD_SAME_GO_NAME Prompt.text: the Go field Text is now Body"},
	},
	{
		"a property gets another name, and does not say the old one",
		change{"text: {", "text: {x-mlmd-property: body, "},
		[]string{
			`FIELD_SAME_SLOT Prompt.text: the property "text" is now "body", and x-mlmd-renamed-from does not say so`,
		},
	},
	{
		"a field is stored elsewhere",
		change{"x-mlmd-store: uri", "x-mlmd-store: property"},
		[]string{"FIELD_SAME_SLOT Prompt.file: it was stored in uri and is now stored in properties.file"},
	},
	{
		"a field changes its type",
		change{"ratio: {type: number, default: 0.5}", "ratio: {type: string}"},
		[]string{
			"FIELD_SAME_DEFAULT Prompt.ratio: unset was 0.5 and is now nothing",
			"FIELD_SAME_TYPE Prompt.ratio: the property was stored as DOUBLE and is now stored as STRING",
		},
	},
	{
		"an integer becomes a number in the same property",
		change{size, "size: {type: number, minimum: 1, maximum: 10}"},
		[]string{
			"FIELD_SAME_TYPE Prompt.size: the property was stored as INT and is now stored as DOUBLE; a property of its " +
				"own would be safe: say x-mlmd-property: another name, and x-mlmd-renamed-from: size",
		},
	},
	{
		"an integer becomes a number in a property of its own",
		change{size, "size: {type: number, minimum: 1, maximum: 10, x-mlmd-property: scale, x-mlmd-renamed-from: size}"},
		[]string{`FIELD_STILL_INTEGER Prompt.size: the integer in "size" is now a number in "scale"`},
	},
	{
		"an integer becomes a number in another property that does not read it",
		change{size, "size: {type: number, minimum: 1, maximum: 10, x-mlmd-property: scale}"},
		[]string{
			"FIELD_SAME_SLOT Prompt.size: the property \"size\" is now \"scale\", and x-mlmd-renamed-from does not say so",
			"FIELD_SAME_TYPE Prompt.size: the property was stored as INT and is now stored as DOUBLE",
		},
	},
	{
		"a field changes its Go type",
		change{"size: {type: integer,", "size: {type: integer, format: int32,"},
		[]string{"FIELD_SAME_TYPE Prompt.size: the type int64 is now int32"},
	},
	{
		"the elements of a list change their type",
		change{tags, "tags: {type: array, items: {type: integer}, maxItems: 5}"},
		[]string{"FIELD_SAME_TYPE Prompt.tags: the type []string is now []int64"},
	},
	{
		"an older name becomes a field of another type",
		change{moved, "moved: {type: string, x-mlmd-renamed-from: [once]}\n            was: {type: integer}"},
		[]string{
			`FIELD_KEEPS_OLD_NAMES Prompt.moved: "was" is not read any more`,
			`FIELD_SAME_TYPE_AS_REMOVED Prompt.was: "was" was stored as STRING string in the old spec, ` +
				`and is now stored as INT int64`,
		},
	},
	{
		"a field is not required any more",
		change{"projectId, size]", "projectId]"},
		[]string{
			"FIELD_STILL_REQUIRED Prompt.size: the Go type int64 is now *int64, since the field is not required any more",
		},
	},
	{
		"a required field may be null",
		change{size, "size: {type: integer, minimum: 1, maximum: 10, nullable: true}"},
		[]string{"FIELD_STILL_REQUIRED Prompt.size: the Go type int64 is now *int64, since the field can be null"},
	},
	{
		"a member is added to an object",
		change{"        high: {type: number}\n", "        high: {type: number}\n        deep: {type: number}\n"},
		[]string{"OBJECT_SAME_MEMBERS Prompt.shape.deep: the member is new"},
	},
	{
		"a field is added beside custom properties",
		change{team + extras, team + extras + "            more: {type: integer}\n"},
		[]string{`FIELD_KEY_NOT_CUSTOM Team.more: the property "more" is new, stored as INT`},
	},
	{
		"a property gets a name that a custom property may have",
		change{"note: {", "note: {x-mlmd-property: remark, x-mlmd-renamed-from: note, "},
		[]string{`FIELD_KEY_NOT_CUSTOM Team.note: the property "remark" is new, stored as STRING`},
	},
	{
		"a field becomes required",
		change{"projectId, size]", "projectId, size, text]"},
		[]string{"FIELD_NOT_NEWLY_REQUIRED Prompt.text: the optional field is now required"},
	},
	{
		"a new field is required",
		change{"projectId, size]", "projectId, size, more]", text, text + "\n            more: {type: string}"},
		[]string{"FIELD_NOT_NEWLY_REQUIRED Prompt.more: the new field is required"},
	},
	{
		"a field cannot change any more",
		change{"text: {", "text: {x-mlmd-immutable: true, "},
		[]string{"FIELD_NOT_NEWLY_IMMUTABLE Prompt.text: the field cannot be changed any more"},
	},
	{
		"rules of a text become stricter",
		change{text, "text: {type: string, maxLength: 99, minLength: 3, pattern: '^b'}"},
		[]string{
			"FIELD_NOT_STRICTER Prompt.text: minLength was 2 and is now 3",
			"FIELD_NOT_STRICTER Prompt.text: maxLength was 100 and is now 99",
			`FIELD_NOT_STRICTER Prompt.text: the pattern was ^a and is now "^b", which refuses "a"`,
		},
	},
	{
		"rules of a number become stricter",
		change{size, "size: {type: integer, minimum: 1, exclusiveMinimum: true, maximum: 9}"},
		[]string{
			"FIELD_NOT_STRICTER Prompt.size: the minimum was 1 and is now 1 (exclusive)",
			"FIELD_NOT_STRICTER Prompt.size: the maximum was 10 and is now 9",
		},
	},
	{
		"rules of a list become stricter",
		change{tags, "tags: {type: array, items: {type: string, maxLength: 8}, minItems: 1, maxItems: 5}"},
		[]string{
			"FIELD_NOT_STRICTER Prompt.tags: minItems was not said and is now 1",
			"FIELD_NOT_STRICTER Prompt.tags[]: maxLength was 9 and is now 8",
		},
	},
	{
		"a default changes",
		change{"default: 0.5", "default: 0.6"},
		[]string{"FIELD_SAME_DEFAULT Prompt.ratio: unset was 0.5 and is now 0.6"},
	},
	{
		"an old name is not read any more",
		change{"[was, once]", "[once]"},
		[]string{`FIELD_KEEPS_OLD_NAMES Prompt.moved: "was" is not read any more`},
	},
	{
		"a value of an enum is removed",
		change{"[warm, cold]", "[warm]"},
		[]string{`ENUM_VALUE_NO_DELETE Prompt.tone: the value "cold" of Tone is gone`},
	},
	{
		"a variant of a union is removed",
		change{
			"Author'}, {$ref: '#/components/schemas/Program'}]", "Author'}]",
			"mapping: {author: Author, program: Program, script: Program}", "mapping: {author: Author}",
		},
		[]string{
			`UNION_VARIANT_NO_DELETE Prompt.origin: the variant "program" of Origin is gone`,
			`UNION_VARIANT_NO_DELETE Prompt.origin: the variant "script" of Origin is gone`,
		},
	},
	{
		"a variant of a union has another value",
		change{"program: Program, script", "tool: Program, script"},
		[]string{
			`UNION_SAME_DISCRIMINATOR Prompt.origin: the variant Program of Origin had the value "program" of the ` +
				`discriminator and has now "tool", "script"`,
		},
	},
	{
		"a variant of a union gets a second value",
		change{"author: Author,", "author: Author, writer: Author,"},
		[]string{
			"FIELD_NOT_NEWLY_REQUIRED Prompt.origin.by: the discriminator could be left empty in Author, which had one " +
				"value, and must now be set",
		},
	},
	{
		"a variant of a union loses one of two values",
		change{", script: Program}", "}"},
		[]string{
			`UNION_SAME_DISCRIMINATOR Prompt.origin: the variant Program of Origin had the value "script" of the ` +
				`discriminator and has now "program"`,
		},
	},
	{
		"the discriminator of a union is another property",
		change{
			"propertyName: by", "propertyName: kind",
			"required: [by]\n      properties:\n        by: {type: string}\n        mail",
			"required: [kind]\n      properties:\n        kind: {type: string}\n        mail",
			"required: [by]\n      properties:\n        by: {type: string}\n        version",
			"required: [kind]\n      properties:\n        kind: {type: string}\n        version",
		},
		[]string{`UNION_SAME_DISCRIMINATOR Prompt.origin: the discriminator of Origin was "by" and is now "kind"`},
	},
	{
		"the Go type of a variant has another name",
		change{"    Program:\n", "    Program:\n      x-go-name: Tool\n"},
		[]string{
			`FIELD_SAME_GO_NAME Prompt.origin: the Go type Program of the variant "program" is now Tool`,
			`FIELD_SAME_GO_NAME Prompt.origin: the Go type Program of the variant "script" is now Tool`,
		},
	},
	{
		"a member of a variant is removed, and one is added",
		change{"        version: {type: string}\n", "        release: {type: string}\n"},
		[]string{
			"FIELD_NO_DELETE Prompt.origin.version: the field is gone",
			"OBJECT_SAME_MEMBERS Prompt.origin.release: the member is new",
		},
	},
	{
		"an object becomes a union",
		change{"shape: {$ref: '#/components/schemas/Shape'}", "shape: {$ref: '#/components/schemas/Origin'}"},
		[]string{"FIELD_SAME_TYPE Prompt.shape: the type Shape is now Origin"},
	},
	{
		"a constant gets another name",
		change{"enum: [warm, cold]", "enum: [warm, cold]\n      x-enum-varnames: [Hot, Cold]"},
		[]string{`FIELD_SAME_GO_NAME Prompt.tone: the Go constant ToneWarm of the value "warm" has another name`},
	},
	{
		"a member of an object is removed, and another one is required",
		change{
			"        high: {type: number}\n",
			"        deep: {type: number}\n",
			"required: [wide]",
			"required: [wide, deep]",
		},
		[]string{
			"FIELD_NO_DELETE Prompt.shape.high: the field is gone",
			"FIELD_NOT_NEWLY_REQUIRED Prompt.shape.deep: the new field is required",
		},
	},
	{
		"an edge is removed",
		change{"        about: {to: Topic, kind: member}\n", ""},
		[]string{"EDGE_NO_DELETE Reading.about: the edge is gone"},
	},
	{
		"an edge and an inverse are renamed",
		change{"about: {to", "topics: {to", "inverse: writings", "inverse: origins"},
		[]string{
			"EDGE_SAME_NAME Reading.topics: the Go symbol About is now Topics",
			"EDGE_SAME_NAME Reading.wrote: the inverse Writings is now Origins",
		},
	},
	{
		"edges are stored otherwise",
		change{"kind: input, to", "kind: declared-input, to", "key: out,", "key: made, step: index,"},
		[]string{
			"EDGE_SAME_KIND Reading.read: it was stored as an event of type INPUT and is now stored as an event of type " +
				"DECLARED_INPUT",
			`EDGE_SAME_KIND Reading.wrote: its key was "out" and is now "made"`,
		},
	},
	{
		"an edge leads elsewhere, to one entity instead of two",
		change{"to: [Letter, Prompt]", "to: Letter"},
		[]string{
			"EDGE_KEEPS_TARGETS Reading.read: it could lead to Prompt",
			"EDGE_SAME_NAME Reading.read: the Go symbol Read has a member for each target, or had one",
		},
	},
	{
		"a reference leads elsewhere",
		change{"x-mlmd-reference: Letter", "x-mlmd-reference: Prompt"},
		[]string{"EDGE_KEEPS_TARGETS Reading.lastId: it could lead to Letter"},
	},
	{
		"a reference is not one any more",
		change{", x-mlmd-reference: Letter, x-mlmd-inverse: lastOf", ""},
		[]string{"EDGE_NO_DELETE Reading.lastId: the edge is gone"},
	},
	{
		"edges become stricter",
		change{
			"max: 3", "max: 2, unique: true, required: true", "about: {to: Topic, kind: member}",
			"about: {to: Topic, kind: member, max: 1}\n        more: {kind: internal-input, to: Letter, required: true}",
			"nextId: {type: string}", "nextId: {type: string, x-mlmd-reference: Letter}",
		},
		[]string{
			"EDGE_NOT_STRICTER Reading.about: its neighbors were not limited and are now at most 1",
			"EDGE_NOT_STRICTER Reading.more: the new edge is required",
			"EDGE_NOT_STRICTER Reading.nextId: IDs in the field are checked now",
			"EDGE_NOT_STRICTER Reading.read: it is newly required",
			"EDGE_NOT_STRICTER Reading.read: its neighbors are newly unique",
			"EDGE_NOT_STRICTER Reading.read: its neighbors were at most 3 and are now at most 2",
			"EDGE_SAME_NAME Reading.about: the Go field About holds one neighbor, or held one",
		},
	},
}

func TestCompare_Breaks(t *testing.T) {
	shown := map[string]bool{}
	for _, c := range breaks {
		t.Run(c.name, func(t *testing.T) {
			got := compare(t, c.change)
			slices.Sort(got)
			want := slices.Sorted(slices.Values(c.want))
			if !slices.Equal(got, want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for _, w := range want {
				rule, _, _ := strings.Cut(w, " ")
				shown[rule] = true
			}
		})
	}
	for _, r := range breaking.Rules() {
		if !shown[r.ID] {
			t.Errorf("no case breaks %s", r.ID)
		}
		if r.Why == "" || r.Instead == "" {
			t.Errorf("%s does not say why, or what to do instead", r.ID)
		}
	}
}

func TestCompare_SafeChanges(t *testing.T) {
	for _, c := range []struct {
		name   string
		change change
	}{
		{"nothing changes", nil},
		{"an entity is added", change{team, strings.Replace(team, "Team", "Group", 1) + team}},
		{"an optional field is added", change{text, text + "\n            more: {type: string}"}},
		{"a value is added to an enum", change{"[warm, cold]", "[warm, dry, cold]"}},
		{
			"a property gets another name, and says the old one",
			change{"text: {", "text: {x-mlmd-property: body, x-mlmd-renamed-from: text, "},
		},
		{"an old name is added", change{"[was, once]", "[was, once, again]"}},
		{
			"a new name is one of the old ones",
			change{moved, "moved: {type: string, x-mlmd-property: was, x-mlmd-renamed-from: [moved, once]}"},
		},
		{
			"rules become looser",
			change{text, "text: {type: string, maxLength: 101, minLength: 1}", size, "size: {type: integer, minimum: 0}"},
		},
		{"a pattern becomes looser", change{"pattern: '^a'", "pattern: '^[a-c]'"}},
		{"a pattern is written another way", change{"pattern: '^a'", "pattern: '^(?:a)'"}},
		{"a field is deprecated", change{"text: {", "text: {deprecated: true, description: not used any more, "}},
		{"an optional parent", change{"[name, projectId, size]", "[name, size]"}},
		{"an entity is hidden from a REST API that it was not in", change{
			"    Tone:\n", "    New:\n      x-mlmd-kind: context\n      x-rest-hidden: true\n      allOf:\n" +
				"        - $ref: '#/components/schemas/Base'\n        - required: [name]\n    Tone:\n",
		}},
		{"a reference gets a path", change{
			"text: {", "other: {type: string, x-mlmd-reference: Team, x-rest-reference: {path: team}}\n            text: {",
		}},
		{
			"edges are added, lead to more, and become looser",
			change{
				"to: [Letter, Prompt], max: 3", "to: [Letter, Prompt, Song], max: 4",
				"about: {to", "again: {kind: internal-input, to: Letter}\n        about: {to",
				"    Letter:\n", "    Song: {x-mlmd-kind: artifact, x-rest-hidden: true, allOf: [{$ref: " +
					"'#/components/schemas/Base'}]}\n    Letter:\n",
			},
		},
		{"a copy is added", change{"{prompt: name,", "{prompt: name, project: parent.name,"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := compare(t, c.change); len(got) > 0 {
				t.Errorf("found:\n%s", strings.Join(got, "\n"))
			}
		})
	}
}

func TestCompare_ExactBounds(t *testing.T) {
	for _, c := range []struct {
		was, is string
		want    string
	}{
		{
			"maximum: 9007199254740993", "maximum: 9007199254740992",
			"the maximum was 9007199254740993 and is now 9007199254740992",
		},
		{"maximum: 9007199254740992", "maximum: 9007199254740993", ""},
		{
			"minimum: 9007199254740992", "minimum: 9007199254740993",
			"the minimum was 9007199254740992 and is now 9007199254740993",
		},
		{
			"minimum: -9223372036854775808", "minimum: -9223372036854775807",
			"the minimum was -9223372036854775808 and is now -9223372036854775807",
		},
		{
			"minimum: 9007199254740993", "minimum: 9007199254740993, exclusiveMinimum: true",
			"the minimum was 9007199254740993 and is now 9007199254740993 (exclusive)",
		},
		{"minimum: 10", "minimum: 10.0", ""},
	} {
		before := before(t)
		got := compareSpecs(
			t,
			change{"minimum: 1, maximum: 10", c.was}.apply(t, before),
			change{"minimum: 1, maximum: 10", c.is}.apply(t, before),
		)
		var want []string
		if c.want != "" {
			want = []string{"FIELD_NOT_STRICTER Prompt.size: " + c.want}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s to %s: got %q, want %q", c.was, c.is, got, want)
		}
	}
}

// What a spec of long ago stored under a name is still there when the name
// comes back.
func TestCompare_History(t *testing.T) {
	const (
		more = "\n            "
		note = "          properties:\n            extras: {type: object, additionalProperties: true, x-mlmd-store: " +
			"custom}\n            note: {type: string}\n"
	)
	prompt := func(field string) change { return change{text, text + more + field} }
	member := func(high string) change { return change{"        high: {type: number}\n", high} }
	for _, c := range []struct {
		name            string
		past, was, will change
		want            string
	}{
		{
			"as another kind", prompt("note: {type: string}"), nil, prompt("note: {type: integer}"),
			`Prompt.note: "note" was stored as STRING string in v1, and is now stored as INT int64`,
		},
		{"as the same", prompt("note: {type: string}"), nil, prompt("note: {type: string}"), ""},
		{
			"under another name in the spec", prompt("note: {type: string}"), nil,
			prompt("remark: {type: boolean, x-mlmd-property: note}"),
			`Prompt.remark: "note" was stored as STRING string in v1, and is now stored as BOOLEAN bool`,
		},
		{
			"elsewhere in the store", prompt("note: {type: string}"), nil,
			prompt("note: {type: integer, x-mlmd-property: note_2}"), "",
		},
		{
			"as an older name of a new field", prompt("note: {type: string}"), nil,
			prompt("remark: {type: number, x-mlmd-renamed-from: note}"),
			`Prompt.remark: "note" was stored as STRING string in v1, and is now stored as DOUBLE float64`,
		},
		{
			"after it was an older name", prompt("remark: {type: string, x-mlmd-renamed-from: note}"), nil,
			prompt("note: {type: integer}"),
			`Prompt.note: "note" was stored as STRING string in v1, and is now stored as INT int64`,
		},
		{
			"as a text that it can be read as", prompt("note: {type: string, format: date-time}"), nil,
			prompt("note: {type: string}"), "",
		},
		{
			"as a text that it may not be", prompt("note: {type: string}"), nil,
			prompt("note: {type: string, format: date-time}"),
			`Prompt.note: "note" was stored as STRING string in v1, and is now stored as STRING time.Time`,
		},
		{
			"as an enum with a value less", prompt("note: {type: string, enum: [a, b]}"), nil,
			prompt("note: {type: string, enum: [a, c]}"),
			`Prompt.note: "note" was stored as STRING enum of a, b in v1, and is now stored as STRING enum of a, c`,
		},
		{
			"as an enum with a value more", prompt("note: {type: string, enum: [a, b]}"), nil,
			prompt("note: {type: string, enum: [a, c, b]}"), "",
		},
		{
			"as a list of others", prompt("note: {type: array, items: {type: string}}"), nil,
			prompt("note: {type: array, items: {type: integer}}"),
			`Prompt.note: "note[]" was stored as string in v1, and is now stored as int64`,
		},
		{
			"as an object", prompt("note: {type: string}"), nil,
			prompt("note: {type: object, properties: {wide: {type: number}}}"),
			`Prompt.note: "note" was stored as STRING string in v1, and is now stored as STRUCT object`,
		},
		{
			"in a copy", nil,
			change{"x-mlmd-copies: {prompt: name, project_id: parent.id}", "x-mlmd-copies: {prompt: name}"},
			change{
				"x-mlmd-copies: {prompt: name, project_id: parent.id}", "x-mlmd-copies: {prompt: name}", text,
				text + more + "project: {type: string, x-mlmd-property: project_id}",
			},
			`Prompt.project: "project_id" was stored as INT in v1, and is now stored as STRING string`,
		},
		{"in an entity that was removed too", nil, change{team + note, ""}, nil, ""},
		{
			"in an entity that comes back with another type", nil,
			change{team + note, ""},
			change{"note: {type: string}", "note: {type: integer}"},
			`Team.note: "note" was stored as STRING string in v1, and is now stored as INT int64`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := before(t)
			var h breaking.History
			h.Add(graph(t, c.past.apply(t, src)), "v1")
			was, will := graph(t, c.was.apply(t, src)), graph(t, c.will.apply(t, src))
			got := breaking.Compare(was, will, &h, nil, nil)
			if c.want == "" {
				if len(got) > 0 {
					t.Errorf("got %+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Rule.ID != "FIELD_SAME_TYPE_AS_REMOVED" ||
				got[0].Path+": "+got[0].Msg != c.want {
				t.Errorf("got %+v\nwant %s", got, c.want)
			}
			if !breaking.AsksHistory(was, will) || breaking.AsksHistory(will, will) {
				t.Error("AsksHistory says otherwise")
			}
		})
	}
	t.Run("in an object that stays", func(t *testing.T) {
		src := before(t)
		var h breaking.History
		h.Add(graph(t, src), "v1")
		var got []string
		without, with := member("").apply(t, src), member("        high: {type: string}\n").apply(t, src)
		for _, f := range breaking.Compare(graph(t, without), graph(t, with), &h, nil, nil) {
			if f.Rule.ID == "FIELD_SAME_TYPE_AS_REMOVED" {
				got = append(got, f.Path+": "+f.Msg)
			}
		}
		want := []string{
			`Prompt.shape.high: "shape.high" was stored as float64 in v1, and is now stored as string`,
			`Prompt.parts.high: "parts[].high" was stored as float64 in v1, and is now stored as string`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
