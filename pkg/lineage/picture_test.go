package lineage_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

const small = `flowchart LR
  subgraph c1["Pipeline: fraud-training"]
    subgraph c3["PipelineRun: fraud-training-1"]
      e1{{"ContainerExecution<br/>split<br/>COMPLETE"}}
      e2{{"ContainerExecution<br/>train<br/>COMPLETE"}}
      e3{{"ContainerExecution<br/>evaluate<br/>COMPLETE"}}
    end
  end
  subgraph c2["RegisteredModel: fraud: LIVE"]
    subgraph c4["ModelVersion: v1: LIVE"]
      a2("ModelArtifact<br/>weights<br/>LIVE")
    end
  end
  a1("DataSet<br/>payments-raw<br/>LIVE")
  a1 --> e1
  a2 --> e3
  e2 --> a2
  classDef artifact fill:#dbeafe,stroke:#2563eb,color:#111827
  classDef execution fill:#fef3c7,stroke:#d97706,color:#111827
  classDef context fill:#f3f4f6,stroke:#6b7280,color:#111827
  classDef start stroke-width:4px
  classDef failed stroke:#dc2626
  class a1,a2 artifact
  class e1,e2,e3 execution
  class c1,c2,c3,c4 context
  class a1 start
`

func TestMermaid(t *testing.T) {
	g := trainings(1, 0, 0)
	if got := g.Mermaid(); got != small {
		t.Errorf("got\n%s", got)
	}
	if got := g.Mermaid(lineage.TopDown(), lineage.WithoutContexts()); !strings.HasPrefix(got, "flowchart TD\n") ||
		strings.Contains(got, "c1") {
		t.Errorf("got\n%s", got)
	}
	boxes := g.Mermaid(lineage.ContextsAsBoxes(), nil)
	for _, want := range []string{"  c4[\"ModelVersion<br/>v1<br/>LIVE\"]\n", "  a2 -.- c4\n", "  c4 -.- c2\n"} {
		if !strings.Contains(boxes, want) {
			t.Errorf("lacks %q:\n%s", want, boxes)
		}
	}
}

// Frames must not overlap.
func TestPictures_ContextsThatOverlapAreBoxes(t *testing.T) {
	s := newSketch()
	a := s.node(mlmd.Artifact, "", "t.A", "a", "")
	b := s.node(mlmd.Artifact, "", "t.A", "b", "")
	c := s.node(mlmd.Artifact, "", "t.A", "c", "")
	one := s.node(mlmd.Context, "", "t.C", "one", "")
	two := s.node(mlmd.Context, "", "t.C", "two", "")
	for _, e := range [][2]lineage.Ref{{a, one}, {b, one}, {b, two}} {
		s.edge(lineage.Attribution, e[0], e[1])
	}
	if got := s.g.Mermaid(); !strings.Contains(got, "subgraph c1") || !strings.Contains(got, "    subgraph c2") {
		t.Errorf("want a frame within the other:\n%s", got)
	}
	s.edge(lineage.Attribution, c, two)
	if got := s.g.Mermaid(); strings.Contains(got, "subgraph") || !strings.Contains(got, "a2 -.- c2") {
		t.Errorf("want boxes:\n%s", got)
	}
}

func TestPictures_FoldLargeGraphs(t *testing.T) {
	for _, c := range []struct {
		runs, shards, metrics int
		want                  []string
	}{
		{1, 0, 0, []string{"DataSet", "payments-raw"}},
		{1, 60, 0, []string{"60 × DataSet", "payments-1-1 … payments-1-60"}},
		{20, 12, 8, []string{"240 × DataSet", "160 × Metric", "20 × ModelVersion", "10 COMPLETE, 10 FAILED"}},
		{1000, 1, 1, []string{"1000 × ModelArtifact"}},
	} {
		g := trainings(c.runs, c.shards, c.metrics)
		text := g.DOT()
		if n := strings.Count(text, "[label="); n > lineage.DefaultBoxes {
			t.Errorf("%v: %d boxes", c, n)
		}
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%v: lacks %q:\n%s", c, w, text)
			}
		}
		checkSizes(t, g, text)
		if all := g.DOT(lineage.MaxBoxes(0)); strings.Count(all, "[label=") != len(g.Nodes) {
			t.Errorf("%v: not all nodes", c)
		}
	}
}

var folded = regexp.MustCompile(`label=" ?(\d+) ×`)

// checkSizes checks that the boxes of a picture stand for all nodes.
func checkSizes(t *testing.T, g *lineage.Graph, dot string) {
	t.Helper()
	total := strings.Count(dot, "[label=")
	for _, m := range folded.FindAllStringSubmatch(dot, -1) {
		n := 0
		fmt.Sscan(m[1], &n)
		total += n - 1
	}
	if total != len(g.Nodes) {
		t.Errorf("the boxes stand for %d nodes of %d", total, len(g.Nodes))
	}
}

// A graph without any symmetry is folded too, and one that is dense has few lines.
func TestPictures_FoldIrregularGraphs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{60, 300, 1000} {
		s := newSketch()
		var as, es []lineage.Ref
		for i := range size {
			as = append(as, s.node(mlmd.Artifact, "", fmt.Sprintf("t.A%d", i%5), fmt.Sprintf("a%d", i), "LIVE"))
			es = append(es, s.node(mlmd.Execution, "", fmt.Sprintf("t.E%d", i%5), fmt.Sprintf("e%d", i), ""))
		}
		s.g.Starts = as[:1]
		for range 5 * size {
			a, e := as[random.IntN(size)], es[random.IntN(size)]
			if random.IntN(2) == 0 {
				s.edge(lineage.Input, a, e)
			} else {
				s.edge(lineage.Output, e, a)
			}
		}
		text := s.g.DOT()
		checkSizes(t, s.g, text)
		if boxes, lines := strings.Count(text, "[label="), strings.Count(text, " -> "); boxes > 50 || lines > 300 {
			t.Errorf("%d: %d boxes, %d lines", size, boxes, lines)
		}
	}
}

func TestPictures_DoNotDependOnOrder(t *testing.T) {
	g := trainings(9, 5, 4)
	mermaid, dot := g.Mermaid(), g.DOT()
	random := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		other := &lineage.Graph{Nodes: slices.Clone(g.Nodes), Edges: slices.Clone(g.Edges), Starts: g.Starts}
		random.Shuffle(len(other.Nodes), func(i, j int) { other.Nodes[i], other.Nodes[j] = other.Nodes[j], other.Nodes[i] })
		random.Shuffle(len(other.Edges), func(i, j int) { other.Edges[i], other.Edges[j] = other.Edges[j], other.Edges[i] })
		if other.Mermaid() != mermaid || other.DOT() != dot {
			t.Fatal("the pictures depend on the order of nodes or edges")
		}
	}
}

func TestPictures_EscapeNames(t *testing.T) {
	for _, c := range []struct{ name, mermaid, dot string }{
		{`say "hi"`, `say #34;hi#34;`, `say \"hi\"`},
		{"two\nlines\ttab", "two lines tab", "two lines tab"},
		{`<b>&amp;</b>`, `#60;b#62;#38;amp#59;#60;/b#62;`, `<b>&amp;amp;</b>`},
		{`C:\n\`, `C:#92;n#92;`, `C:\\n\\`},
		{"Größe 模型 🚀", "Größe 模型 🚀", "Größe 模型 🚀"},
		{"%%{init}%%", "#37;#37;#123;init#125;#37;#37;", "%%{init}%%"},
		{"`end`]", "#96;end#96;#93;", "`end`]"},
		{"\xff\x00z", "\uFFFD z", "\uFFFD z"},
		{"a\u202Eb\u200Fc", "abc", "abc"},
		{strings.Repeat("é", 5000) + strings.Repeat("z", 5000), strings.Repeat("é", 20) + "…" + strings.Repeat("z", 19), ""},
	} {
		s := newSketch()
		s.node(mlmd.Artifact, "DataSet", "kf.DataSet", c.name, "")
		if got := s.g.Mermaid(); !strings.Contains(got, `a1("DataSet<br/>`+c.mermaid+`")`) {
			t.Errorf("%.40q in Mermaid:\n%s", c.name, got)
		}
		if c.dot == "" {
			c.dot = c.mermaid
		}
		if got := s.g.DOT(); !strings.Contains(got, `label="DataSet\n`+c.dot+`"`) {
			t.Errorf("%.40q in DOT:\n%s", c.name, got)
		}
	}
}

// FuzzPictures draws random graphs with random names.
func FuzzPictures(f *testing.F) {
	f.Add(uint64(1), "a\"b", "kf.DataSet", 20)
	f.Add(uint64(2), "\x00\xff<>&", "", 200)
	f.Fuzz(func(t *testing.T, seed uint64, name, typeName string, size int) {
		if size < 0 || size > 300 {
			return
		}
		g := randomGraph(seed, name, typeName, size)
		for _, opts := range [][]lineage.PictureOption{
			nil, {lineage.MaxBoxes(3)}, {lineage.MaxBoxes(0), lineage.MaxLabel(1)}, {lineage.ContextsAsBoxes()},
		} {
			for _, text := range []string{g.DOT(opts...), g.Mermaid(opts...)} {
				if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
					t.Errorf("not text: %q", text)
				}
			}
		}
		all := g.DOT(lineage.MaxBoxes(0))
		for _, n := range g.Nodes {
			id := map[mlmd.Kind]string{mlmd.Artifact: "a", mlmd.Execution: "e", mlmd.Context: "c"}[n.Kind] + n.ID
			if !strings.Contains(all, id+" [label=") && !strings.Contains(all, "cluster_"+id+" {") {
				t.Errorf("%v is missing", n.Ref)
			}
		}
	})
}

// randomGraph returns a graph with the given number of nodes, in which contexts may
// be in cycles.
func randomGraph(seed uint64, name, typeName string, size int) *lineage.Graph {
	random := rand.New(rand.NewPCG(seed, 5))
	s := newSketch()
	byKind := map[mlmd.Kind][]lineage.Ref{}
	for range size {
		kind := mlmd.Kind(1 + random.IntN(3))
		entity := ""
		if random.IntN(2) == 0 {
			entity = "DataSet"
		}
		r := s.node(kind, entity, typeName, name[:random.IntN(len(name)+1)], "LIVE")
		byKind[kind] = append(byKind[kind], r)
		if random.IntN(20) == 0 {
			s.g.Starts = append(s.g.Starts, r)
		}
	}
	pick := func(kind mlmd.Kind) lineage.Ref { return byKind[kind][random.IntN(len(byKind[kind]))] }
	if len(byKind) < 3 {
		return s.g
	}
	for range 2 * size {
		a, e, c := pick(mlmd.Artifact), pick(mlmd.Execution), pick(mlmd.Context)
		switch random.IntN(7) {
		case 0, 1:
			s.edge(lineage.Input, a, e)
		case 2:
			s.edge(lineage.Output, e, a)
		case 3:
			s.edge(lineage.UnknownEvent, a, e)
		case 4:
			s.edge(lineage.Attribution, a, c)
		case 5:
			s.edge(lineage.Association, e, c)
		default:
			s.edge(lineage.ParentContext, c, pick(mlmd.Context))
		}
	}
	return s.g
}
