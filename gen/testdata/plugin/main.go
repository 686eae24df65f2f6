// Command plugin is a plugin of gen: it writes a list of the MLMD types, with the
// names of their properties. It reports entities without a description.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
)

func main() {
	var spec struct {
		Version  int
		Mark     string
		Entities []struct {
			Name, Kind, Type, Description string
			Fields                        []struct{ Property, Stored string }
			Position                      struct {
				File         string
				Line, Column int
			}
		}
		Options struct{ File string }
	}
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		log.Fatal(err)
	}
	if spec.Version != 1 {
		log.Fatalf("the description has version %d", spec.Version)
	}
	var text strings.Builder
	problems := []any{}
	fmt.Fprintf(&text, "# %s\n", spec.Mark)
	for _, e := range spec.Entities {
		if e.Description == "" {
			problems = append(problems, map[string]any{
				"file": e.Position.File, "line": e.Position.Line, "column": e.Position.Column, "path": e.Name,
				"message": "it has no description", "fix": "add one",
			})
		}
		fmt.Fprintf(&text, "%s %s\n", e.Kind, e.Type)
		for _, f := range e.Fields {
			if f.Property != "" {
				fmt.Fprintf(&text, "  %s %s\n", f.Property, f.Stored)
			}
		}
	}
	answer := map[string]any{
		"files":    []any{map[string]any{"path": spec.Options.File, "content": text.String()}},
		"problems": problems,
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		log.Fatal(err)
	}
}
