package lineage

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// Colors of the pictures: fill, border and text.
var colors = map[mlmd.Kind][2]string{
	mlmd.Artifact:  {"#dbeafe", "#2563eb"},
	mlmd.Execution: {"#fef3c7", "#d97706"},
	mlmd.Context:   {"#f3f4f6", "#6b7280"},
}

const failedColor = "#dc2626"

// Mermaid returns a flowchart in the language of Mermaid, which GitHub and GitLab
// show in Markdown. Artifacts are round boxes, executions hexagons, and contexts
// frames. Starts have thick borders. The text depends on the graph only.
func (g *Graph) Mermaid(opts ...PictureOption) string {
	p := newPicture(g, opts)
	var b strings.Builder
	direction := "LR"
	if p.config.topDown {
		direction = "TD"
	}
	fmt.Fprintf(&b, "flowchart %s\n", direction)
	p.eachFrame(nil, 1, func(f *frame, depth int, begin bool) {
		indent := strings.Repeat("  ", depth)
		if begin {
			fmt.Fprintf(&b, "%ssubgraph %s[\"%s\"]\n", indent, f.id(), mermaidLabel(p.label(f.box), ": "))
		} else {
			fmt.Fprintf(&b, "%send\n", indent)
		}
	}, func(x *box, depth int) {
		left, right := `("`, `")`
		switch x.kind() {
		case mlmd.Execution:
			left, right = `{{"`, `"}}`
		case mlmd.Context:
			left, right = `["`, `"]`
		}
		fmt.Fprintf(&b, "%s%s%s%s%s\n", strings.Repeat("  ", depth), x.id(), left, mermaidLabel(p.label(x), "<br/>"), right)
	})
	for _, l := range p.lines() {
		arrow := "-->"
		switch {
		case l.membership():
			arrow = "-.-"
		case !l.directed():
			arrow = "---"
		}
		if text := l.label(); text != "" {
			arrow += `|"` + mermaidText(text) + `"|`
		}
		fmt.Fprintf(&b, "  %s %s %s\n", l.from.id(), arrow, l.to.id())
	}
	for _, k := range []mlmd.Kind{mlmd.Artifact, mlmd.Execution, mlmd.Context} {
		fmt.Fprintf(&b, "  classDef %s fill:%s,stroke:%s,color:#111827\n", k, colors[k][0], colors[k][1])
	}
	fmt.Fprintf(&b, "  classDef start stroke-width:4px\n  classDef failed stroke:%s\n", failedColor)
	classes := make(map[string][]string)
	all := p.boxes
	for _, f := range p.frames {
		all = append(all, f.box)
	}
	for _, x := range all {
		classes[x.class()] = append(classes[x.class()], x.id())
		if x.start {
			classes["start"] = append(classes["start"], x.id())
		}
		if x.failed() {
			classes["failed"] = append(classes["failed"], x.id())
		}
	}
	for _, c := range []string{"artifact", "execution", "context", "start", "failed"} {
		if ids := classes[c]; len(ids) > 0 {
			fmt.Fprintf(&b, "  class %s %s\n", strings.Join(ids, ","), c)
		}
	}
	return b.String()
}

// eachFrame calls onFrame before and after what is within a frame, and onBox for each
// box, beginning with what is within the given frame.
func (p *picture) eachFrame(in *frame, depth int, onFrame func(*frame, int, bool), onBox func(*box, int)) {
	for _, f := range p.frames {
		if f.within == in {
			onFrame(f, depth, true)
			p.eachFrame(f, depth+1, onFrame, onBox)
			onFrame(f, depth, false)
		}
	}
	for _, b := range p.boxes {
		if p.within[b] == in {
			onBox(b, depth)
		}
	}
}

func mermaidLabel(lines []string, separator string) string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = mermaidText(l)
	}
	return strings.Join(out, separator)
}

// mermaidText escapes a text for a quoted label. Everything that has a meaning in
// Mermaid, Markdown or HTML becomes a numeric entity.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r > unicode.MaxASCII || unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" ,.:/()+=@-_", r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
