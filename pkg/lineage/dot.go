package lineage

import (
	"fmt"
	"strings"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// DOT returns a directed graph in the language of Graphviz. Artifacts are round
// boxes, executions hexagons, and contexts frames or folders. Starts have thick
// borders, and folded nodes double ones. The text depends on the graph only.
func (g *Graph) DOT(opts ...PictureOption) string {
	p := newPicture(g, opts)
	var b strings.Builder
	direction := "LR"
	if p.config.topDown {
		direction = "TB"
	}
	const font = `fontname="Helvetica,Arial,sans-serif"`
	b.WriteString("digraph lineage {\n")
	fmt.Fprintf(&b, "  graph [rankdir=%s, nodesep=0.25, ranksep=0.5, fontsize=11, %s]\n", direction, font)
	fmt.Fprintf(&b, "  node [fontsize=11, margin=\"0.18,0.06\", style=\"filled\", fontcolor=\"#111827\", %s]\n", font)
	fmt.Fprintf(&b, "  edge [fontsize=9, color=\"#4b5563\", fontcolor=\"#4b5563\", arrowsize=0.7, %s]\n", font)
	p.eachFrame(nil, 1, func(f *frame, depth int, begin bool) {
		indent := strings.Repeat("  ", depth)
		if !begin {
			fmt.Fprintf(&b, "%s}\n", indent)
			return
		}
		label := dotLabel([]string{" " + strings.Join(p.label(f.box), ": ") + " "}) // renderers may guess the width
		fmt.Fprintf(&b, "%ssubgraph cluster_%s {\n", indent, f.id())
		fmt.Fprintf(&b, "%s  graph [label=%s, labeljust=l, style=\"rounded,filled\", ", indent, label)
		fmt.Fprintf(&b, "fillcolor=\"%s\", color=\"%s\", penwidth=%d]\n",
			frameColor(depth), colors[mlmd.Context][1], penWidth(f.box))
	}, func(x *box, depth int) {
		shape := `box, style="filled,rounded"`
		switch x.kind() {
		case mlmd.Execution:
			shape = `hexagon, style=filled, margin="0.04,0.01"`
		case mlmd.Context:
			shape = "folder, style=filled"
		}
		border := colors[x.kind()][1]
		if x.failed() {
			border = failedColor
		}
		fmt.Fprintf(&b, "%s%s [label=%s, shape=%s, ", strings.Repeat("  ", depth), x.id(), dotLabel(p.label(x)), shape)
		fmt.Fprintf(&b, "fillcolor=\"%s\", color=\"%s\", penwidth=%d", colors[x.kind()][0], border, penWidth(x))
		if len(x.nodes) > 1 {
			b.WriteString(", peripheries=2")
		}
		b.WriteString("]\n")
	})
	for _, l := range p.lines() {
		fmt.Fprintf(&b, "  %s -> %s", l.from.id(), l.to.id())
		var attrs []string
		switch {
		case l.membership():
			attrs = append(attrs, "style=dashed", "arrowhead=none", `color="#9ca3af"`)
		case !l.directed():
			attrs = append(attrs, "arrowhead=none")
		}
		if text := l.label(); text != "" {
			attrs = append(attrs, "label="+dotLabel([]string{text}))
		}
		if len(attrs) > 0 {
			fmt.Fprintf(&b, " [%s]", strings.Join(attrs, ", "))
		}
		b.WriteString("\n")
	}
	b.WriteString("}\n")
	return b.String()
}

// frameColor returns the fill of a frame, so that nested frames differ.
func frameColor(depth int) string {
	if depth%2 == 1 {
		return "#f9fafb"
	}
	return "#f3f4f6"
}

func penWidth(b *box) int {
	if b.start {
		return 3
	}
	return 1
}

var dotEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "\n", " ", "\x00", " ")

// dotLabel returns a quoted label of centered lines.
func dotLabel(lines []string) string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = dotEscaper.Replace(l)
	}
	return `"` + strings.Join(out, `\n`) + `"`
}
