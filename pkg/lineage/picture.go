package lineage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// DefaultBoxes is about how many boxes a picture has at most, unless [MaxBoxes] says
// otherwise.
const DefaultBoxes = 50

// A PictureOption changes a picture of a graph.
type PictureOption func(*pictureConfig)

type pictureConfig struct {
	boxes, label int
	topDown      bool
	contexts     bool
	clusters     bool
}

// MaxBoxes makes a picture have about n boxes at most. In a larger graph, nodes of
// the same type are folded into one box, such as "12 × DataSet": first those with the
// same neighbors, then those with the same inputs or outputs, then those at the same
// distance from the starts, then all. With 0, each node has a box.
func MaxBoxes(n int) PictureOption { return func(c *pictureConfig) { c.boxes = n } }

// MaxLabel shortens names to n characters. The default is 40.
func MaxLabel(n int) PictureOption { return func(c *pictureConfig) { c.label = max(n, 1) } }

// TopDown makes the data flow from top to bottom, instead of from left to right.
func TopDown() PictureOption { return func(c *pictureConfig) { c.topDown = true } }

// WithoutContexts leaves the contexts out of a picture.
func WithoutContexts() PictureOption { return func(c *pictureConfig) { c.contexts = false } }

// ContextsAsBoxes shows contexts as boxes with dashed lines to their members. By
// default they are frames around their members, if no two frames would overlap.
func ContextsAsBoxes() PictureOption { return func(c *pictureConfig) { c.clusters = false } }

// A picture is what the renderers draw.
type picture struct {
	config pictureConfig
	boxes  []*box  // without frames
	arrows []arrow // without memberships that the frames show
	frames []*frame
	within map[*box]*frame // nil for boxes outside
}

// A frame is a context that is drawn around its members.
type frame struct {
	*box
	within  *frame
	members map[*box]bool // boxes that are not contexts, also those of inner frames
}

func newPicture(g *Graph, opts []PictureOption) *picture {
	p := &picture{
		config: pictureConfig{boxes: DefaultBoxes, label: 40, contexts: true, clusters: true},
		within: make(map[*box]*frame),
	}
	for _, o := range opts {
		if o != nil {
			o(&p.config)
		}
	}
	p.boxes, p.arrows = fold(g, p.config.boxes, p.config.contexts)
	if p.config.clusters {
		p.makeFrames()
	}
	return p
}

// maxFrames limits the contexts that are drawn as frames.
const maxFrames = 100

// makeFrames turns contexts into frames if any two frames are apart or one is within
// the other.
func (p *picture) makeFrames() {
	members := make(map[*box][]*box) // of contexts
	for _, a := range p.arrows {
		if a.kind.IsMembership() {
			members[a.to] = append(members[a.to], a.from)
		}
	}
	if len(members) > maxFrames {
		return
	}
	var frames []*frame
	for c := range members {
		f := &frame{box: c, members: make(map[*box]bool)}
		seen := map[*box]bool{c: true}
		for queue := []*box{c}; len(queue) > 0; queue = queue[1:] {
			for _, m := range members[queue[0]] {
				switch {
				case m.kind() != mlmd.Context:
					f.members[m] = true
				case !seen[m]:
					seen[m] = true
					queue = append(queue, m)
				}
			}
		}
		if len(f.members) > 0 {
			frames = append(frames, f)
		}
	}
	// The innermost come first; of two with the same members, the parent comes last.
	parentOf := func(a, b *frame) int {
		if slices.Contains(members[a.box], b.box) {
			return 1
		}
		if slices.Contains(members[b.box], a.box) {
			return -1
		}
		return compareRefs(b.first(), a.first())
	}
	slices.SortFunc(frames, func(a, b *frame) int { return compareRefs(a.first(), b.first()) })
	slices.SortStableFunc(frames, func(a, b *frame) int {
		return cmp.Or(cmp.Compare(len(a.members), len(b.members)), parentOf(a, b))
	})
	for i, f := range frames {
		for _, outer := range frames[i+1:] {
			common := 0
			for m := range f.members {
				if outer.members[m] {
					common++
				}
			}
			switch {
			case common != 0 && common != len(f.members):
				return
			case common != 0 && f.within == nil:
				f.within = outer
			}
		}
	}
	isFrame := make(map[*box]bool)
	for _, f := range slices.Backward(frames) {
		isFrame[f.box] = true
		for m := range f.members {
			p.within[m] = f // the innermost is the last
		}
	}
	p.frames = frames
	slices.SortFunc(p.frames, func(a, b *frame) int { return compareRefs(a.first(), b.first()) })
	p.boxes = slices.DeleteFunc(p.boxes, func(b *box) bool { return isFrame[b] })
	p.arrows = slices.DeleteFunc(p.arrows, func(a arrow) bool { return a.kind.IsMembership() && isFrame[a.to] })
}

// A line is a line between two boxes, for all arrows between them.
type line struct {
	from, to *box
	kinds    []EdgeKind
}

// lines returns the lines of the picture, sorted.
func (p *picture) lines() []line {
	var out []line
	for _, a := range p.arrows {
		if last := len(out) - 1; last >= 0 && out[last].from == a.from && out[last].to == a.to {
			out[last].kinds = append(out[last].kinds, a.kind)
			continue
		}
		out = append(out, line{a.from, a.to, []EdgeKind{a.kind}})
	}
	return out
}

// membership reports whether the line goes to a context.
func (l line) membership() bool { return l.kinds[0].IsMembership() }

// directed reports whether the line has an arrowhead: data moves from its first box,
// or its first box refers to the other.
func (l line) directed() bool {
	return slices.ContainsFunc(l.kinds, func(k EdgeKind) bool { return k.isFlow() || k == Reference })
}

// label returns the kinds of edges that the direction of the line does not show.
func (l line) label() string {
	if l.membership() {
		return ""
	}
	var out []string
	for _, k := range l.kinds {
		if k != Input && k != Output {
			out = append(out, string(k))
		}
	}
	return strings.Join(out, ", ")
}

// id returns a name for a box that is unique in the picture.
func (b *box) id() string {
	return [...]string{"n", "a", "e", "c"}[min(b.kind(), mlmd.Context)] + b.first().ID
}

// class returns the look of the box.
func (b *box) class() string { return b.kind().String() }

// failed reports whether an execution of the box failed.
func (b *box) failed() bool {
	return slices.ContainsFunc(b.nodes, func(n *Node) bool {
		return n.Kind == mlmd.Execution && (n.State == "FAILED" || n.State == "CANCELED")
	})
}

// label returns the lines of text in a box.
func (p *picture) label(b *box) []string {
	n := b.nodes[0]
	title := n.Label()
	if title == "" {
		title = n.Kind.String()
	}
	out := []string{shorten(title, p.config.label)}
	if len(b.nodes) == 1 {
		out = append(out, p.name(n))
	} else {
		out[0] = fmt.Sprintf("%d × %s", len(b.nodes), out[0])
		first, last := p.name(n), p.name(b.nodes[len(b.nodes)-1])
		if first != last {
			first += " … " + last
		}
		out = append(out, shorten(first, p.config.label))
	}
	if s := states(b.nodes); s != "" {
		out = append(out, shorten(s, p.config.label))
	}
	if b.cut {
		out = append(out, "(more)")
	}
	return out
}

// name returns the shortened name of a node, or its ID.
func (p *picture) name(n *Node) string {
	if name := shorten(n.Name, p.config.label); name != "" {
		return name
	}
	return "#" + n.ID
}

// states returns the states of nodes with their numbers: "LIVE", or "11 LIVE,
// 1 DELETED".
func states(ns []*Node) string {
	count := make(map[string]int)
	for _, n := range ns {
		if n.State != "" {
			count[n.State]++
		}
	}
	if len(count) == 1 && count[ns[0].State] == len(ns) {
		return ns[0].State
	}
	var out []string
	for _, s := range slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	}) {
		out = append(out, fmt.Sprintf("%d %s", count[s], s))
	}
	return strings.Join(out, ", ")
}

// shorten returns a text of one line with at most n characters. It takes characters
// out of the middle, because names often differ at their ends.
func shorten(s string, n int) string {
	if len(s) > 8*n+64 { // a character has at most 4 bytes
		s = s[:4*n+32] + s[len(s)-4*n-32:]
	}
	var rs []rune
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Cc, r):
			r = ' '
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r): // could reorder the text around them
			continue
		}
		if r == ' ' && (len(rs) == 0 || rs[len(rs)-1] == ' ') {
			continue
		}
		rs = append(rs, r)
	}
	if len(rs) > 0 && rs[len(rs)-1] == ' ' {
		rs = rs[:len(rs)-1]
	}
	if len(rs) <= n {
		return string(rs)
	}
	head := (n - 1 + 1) / 2
	return string(rs[:head]) + "…" + string(rs[len(rs)-(n-1-head):])
}
