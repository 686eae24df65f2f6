package breaking_test

import (
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/internal/breaking"
)

// other makes the kinds of change that other tools report.
var other = map[string]change{
	"a description, a title or an example changes": {
		text, "text: {type: string, maxLength: 100, minLength: 2, pattern: '^a', title: T, description: D, example: abc}",
	},
	"a format without a meaning changes, such as `uri` to `email`": {"format: uri", "format: email"},
	"an enum gets a value":         {"[warm, cold]", "[warm, dry, cold]"},
	"a limit is raised or removed": {"maxLength: 100", "maxLength: 101", ", maximum: 10", ""},
	"a pattern is removed":         {", pattern: '^a'", ""},
	"a required property of a building block moves to the entity": {
		team + "          properties:\n",
		"    Team:\n      x-mlmd-kind: context\n      allOf:\n        - required: [name]\n          properties:\n" +
			"            id: {type: string, x-mlmd-store: id}\n            name: {type: string, x-mlmd-store: name}\n",
	},
	"a building block is removed that nothing uses": {"    Unused: {type: object, properties: {a: {type: string}}}\n", ""},
	"properties or values of an enum change their order": {
		"[warm, cold]", "[cold, warm]", "        wide: {type: number}\n        high: {type: number}\n",
		"        high: {type: number}\n        wide: {type: number}\n",
	},
	"`readOnly` is added":                                               {"text: {", "text: {readOnly: true, "},
	"a field is deprecated without an end":                              {"text: {", "text: {deprecated: true, "},
	"an extension of another tool changes, such as `x-extensible-enum`": {"text: {", "text: {x-extensible-enum: [a], "},
	"a field is added that is optional": {
		text, text + "\n            more: {type: string}",
	},
	"a field becomes optional": {"projectId, size]", "projectId]"},
	"a field may be null":      {"size: {", "size: {nullable: true, "},
	"a field becomes required": {"projectId, size]", "projectId, size, text]"},
	"a field is removed":       {text, ""},
	"a field is renamed":       {"text: {", "body: {x-mlmd-renamed-from: text, "},
	"a type changes": {
		"ratio: {type: number, default: 0.5}", "ratio: {type: string, default: '0.5'}",
	},
	"a value of an enum is removed": {"[warm, cold]", "[warm]"},
	"a limit is lowered":            {"maxLength: 100", "maxLength: 99"},
	"a default changes":             {"default: 0.5", "default: 0.6"},
	"an entity is removed": {
		team + strings.Replace(extras, "string}", "string, format: uri}", 1), "",
	},
}

func TestElsewhere_IsJudgedAsTheTableSays(t *testing.T) {
	src := before(t) + "    Unused: {type: object, properties: {a: {type: string}}}\n"
	src = change{"note: {type: string}", "note: {type: string, format: uri}"}.apply(t, src)
	for _, k := range breaking.Elsewhere() {
		c, ok := other[k.Change]
		if !ok {
			t.Errorf("no case for: %s", k.Change)
			continue
		}
		got := strings.Join(compareSpecs(t, src, c.apply(t, src)), "\n")
		switch {
		case k.Ours == "" && got != "":
			t.Errorf("%s: the table calls it silent, and it is:\n%s", k.Change, got)
		case k.Ours != "" && !strings.Contains(got, k.Ours+" "):
			t.Errorf("%s: the table names %s, and it is:\n%s", k.Change, k.Ours, got)
		}
	}
	if len(other) != len(breaking.Elsewhere()) {
		t.Errorf("%d cases for %d kinds of change", len(other), len(breaking.Elsewhere()))
	}
}
