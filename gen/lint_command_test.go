package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
)

const untidySpec = promptSpec + `            tone: {$ref: '#/components/schemas/tone'}
            snake_name: {type: string, description: A name.}
            camelName: {type: string, description: A name.}
    tone: {type: string, description: How it sounds., enum: [WARM, very-cold]}
    Unused: {type: object}
    Response: {type: object, properties: {prompt: {$ref: '#/components/schemas/Prompt'}}}
`

func TestLint_EachRule(t *testing.T) {
	newModule(t, untidySpec)
	stdout, _ := gen(t, exitFound, "lint")
	contains(
		t, stdout,
		"spec/openapi.yaml:6:5: Prompt: description: it has no description; say in a sentence what it is",
		"Prompt.text: description:",
		"Prompt: type-prefix: the MLMD type \"Prompt\" has no prefix",
		"Prompt.snake_name: property-name: the name is not in lowerCamelCase",
		"Tone: enum-style: its 2 values are not in one style",
		"Unused: unused-schema: nothing uses the schema",
		"Response: unused-schema",
		"tone: schema-name: the name is not in UpperCamelCase; call it Tone",
	)
	for _, rule := range codegen.LintRules() {
		if !strings.Contains(stdout, ": "+rule+": ") {
			t.Errorf("no finding of %s", rule)
		}
		contains(t, read(t, specDoc), "`"+rule+"`")
	}
}

func TestLint_Config(t *testing.T) {
	newModule(t, untidySpec)
	put(t, "mlmd.yaml", "lint: {description: off, schema-name: off, property-name: off, enum-style: off,"+
		" type-prefix: warning, unused-schema: warning}\n")
	stdout, _ := gen(t, exitOK, "lint", "-json")
	var found []codegen.Finding
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatal(err)
	}
	if len(found) != 3 || !found[0].Warning || found[0].Rule != "type-prefix" || found[0].Line != 6 {
		t.Errorf("got %+v", found)
	}
	stdout, _ = gen(t, exitOK, "lint")
	contains(t, stdout, "Prompt: warning: type-prefix: ")
	for config, want := range map[string]string{
		"lint: {color: off}":        `lint: unknown rule "color"; want one of `,
		"lint: {description: loud}": `"loud" is not a level`,
	} {
		put(t, "mlmd.yaml", config+"\n")
		_, stderr := gen(t, exitFailed, "lint")
		contains(t, stderr, want)
	}
}
