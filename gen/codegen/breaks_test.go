package codegen_test

import (
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/gen/codegen"
)

func TestBreaking_NewMemberIsAWarning(t *testing.T) {
	const before = `openapi: 3.0.3
info: {title: x, version: '1'}
paths: {}
components:
  schemas:
    Thing:
      x-mlmd-kind: context
      type: object
      required: [name]
      properties:
        id: {type: string, x-mlmd-store: id}
        name: {type: string, x-mlmd-store: name}
        shape: {type: object, properties: {rows: {type: integer}}}
`
	after := strings.Replace(before, "{type: integer}", "{type: integer}, columns: {type: integer}", 1)
	breaks, err := codegen.Breaking(t.Context(), inMemory(before), inMemory(after), codegen.Past{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(breaks) != 1 || !breaks[0].Warning {
		t.Fatalf("got %+v", breaks)
	}
	const want = "openapi.yaml:13:67: Thing.shape.columns: warning: OBJECT_SAME_MEMBERS: the member is new\n    why: "
	if got := breaks[0].String(); !strings.HasPrefix(got, want) {
		t.Errorf("got %s\nwant it to begin with %s", got, want)
	}
}
