package svg_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/lineage/svg"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// chain returns a graph of n artifacts, each of them made from the one before.
func chain(n int, name func(i int) string) *lineage.Graph {
	g := &lineage.Graph{Starts: []lineage.Ref{{Kind: mlmd.Artifact, ID: "1"}}}
	for i := 1; i <= n; i++ {
		a := lineage.Ref{Kind: mlmd.Artifact, ID: strconv.Itoa(i)}
		g.Nodes = append(g.Nodes, &lineage.Node{Ref: a, TypeName: "test.Data", Name: name(i), State: "LIVE"})
		if i == n {
			break
		}
		e := lineage.Ref{Kind: mlmd.Execution, ID: strconv.Itoa(i)}
		g.Nodes = append(g.Nodes, &lineage.Node{Ref: e, TypeName: "test.Step", Name: "step", State: "COMPLETE"})
		g.Edges = append(g.Edges, lineage.Edge{From: a, To: e, Kind: lineage.Input},
			lineage.Edge{From: e, To: lineage.Ref{Kind: mlmd.Artifact, ID: strconv.Itoa(i + 1)}, Kind: lineage.Output})
	}
	return g
}

// texts returns the texts in a document, which must be XML.
func texts(t *testing.T, doc []byte) []string {
	t.Helper()
	var out []string
	in := false
	d := xml.NewDecoder(strings.NewReader(string(doc)))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		switch e := token.(type) {
		case xml.StartElement:
			in = e.Name.Local == "text"
			if e.Name.Local == "script" || e.Name.Local == "a" || e.Name.Local == "image" {
				t.Errorf("has an element %s", e.Name.Local)
			}
		case xml.EndElement:
			in = false
		case xml.CharData:
			if in {
				out = append(out, string(e))
			}
		}
	}
}

func TestRender(t *testing.T) {
	for _, name := range []string{
		"plain", `<script>alert("x")</script>`, `a & b &lt; c`, "Größe 模型 🚀", `\N \G \l`, "two\nlines", "\xff\x01",
		strings.Repeat("long", 3000), "", "]]>", "<b>bold</b>",
	} {
		doc, err := svg.Render(t.Context(), chain(3, func(int) string { return name }))
		if err != nil {
			t.Errorf("%.20q: %v", name, err)
			continue
		}
		found := texts(t, doc)
		if len(found) != 15 { // of five nodes
			t.Errorf("%.20q: texts are %q", name, found)
		}
		if len(name) < 30 && name != "" && !strings.Contains(name, "\n") && utf8.ValidString(name) && !contains(found, name) {
			t.Errorf("%q is not among %q", name, found)
		}
	}
}

func contains(texts []string, want string) bool {
	for _, s := range texts {
		if strings.ReplaceAll(s, "\u00a0", " ") == want {
			return true
		}
	}
	return false
}

func TestRender_ManyAtOnceAreTheSame(t *testing.T) {
	g := chain(20, func(i int) string { return fmt.Sprint("data ", i) })
	want, err := svg.Render(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				other := chain(20, func(i int) string { return fmt.Sprint("data ", i) })
				if got, err := svg.Render(t.Context(), other); err != nil || string(got) != string(want) {
					t.Errorf("another picture: %v\n%s", err, got)
				}
			}
		})
	}
	all.Wait()
}

func TestRender_Errors(t *testing.T) {
	g := chain(600, func(i int) string { return fmt.Sprint(i) })
	if _, err := svg.Render(t.Context(), g, lineage.MaxBoxes(0)); !errors.Is(err, svg.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := svg.Render(ctx, g); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	doc, err := svg.Render(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	texts(t, doc)
}

func ExampleRender() {
	g := chain(2, func(i int) string { return fmt.Sprint("data-", i) })
	image, err := svg.Render(context.Background(), g)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := os.WriteFile(os.DevNull, image, 0o644); err != nil {
		fmt.Println(err)
	}
	// Output:
}
