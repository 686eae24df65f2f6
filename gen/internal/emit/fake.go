package emit

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/gen/internal/ir"
	"github.com/mlmd-go/sdk/gen/internal/spec"
	"github.com/mlmd-go/sdk/pkg/mlmd/fakesupport"
)

// A fakeView is the data of fake.tmpl, for one entity or object.
type fakeView struct {
	Header, Package string
	Imports         []importLine
	Obsolete        bool
	Name, Go        string // of the entity in the spec; the Go name
	Type            string // model.ModelVersion
	Doc             string
	Members         []string // of the value: "Name: …"
	Optional        []fakeField
}

// A fakeField is a field that is set after the value is made.
type fakeField struct {
	Name, Go, Value string
	Always          bool
}

// CheckFakes reports fields for which no value can be made.
func CheckFakes(g *ir.Graph, t Target, report func(at spec.Pos, path, msg, fix string)) {
	f := newFaker(g, t)
	for _, e := range g.Entities {
		f.path, f.report = e.Name, report
		f.entity(e)
	}
	for _, typ := range g.Types {
		if typ.Basic == ir.Object && f.can[typ] {
			f.path = typ.Go
			f.object(typ)
		}
	}
}

// fakeFiles adds the package of fakes.
func fakeFiles(g *ir.Graph, t Target, execute func(p Package, file, name string, data any) error) error {
	if t.Fake.Dir == "" {
		return nil
	}
	f := newFaker(g, t)
	for _, e := range g.Entities {
		if err := execute(t.Fake, ir.FileName(e.Go), "fake.tmpl", f.entity(e)); err != nil {
			return err
		}
	}
	for _, typ := range g.Types {
		if typ.Basic == ir.Union && f.used[typ] {
			if err := execute(t.Fake, ir.FileName(typ.Go), "fakeunion.tmpl", f.union(typ)); err != nil {
				return err
			}
		}
		if typ.Basic != ir.Object || !f.used[typ] {
			continue
		}
		if err := execute(t.Fake, ir.FileName(typ.Go), "fakeobject.tmpl", f.object(typ)); err != nil {
			return err
		}
	}
	return execute(t.Fake, "doc.gen.go", "fakedoc.tmpl", f.view(""))
}

// A faker prints the expressions that make values.
type faker struct {
	printer
	target Target
	can    map[*ir.Type]bool // objects and unions for which a value can be made
	used   map[*ir.Type]bool // objects and unions that an entity has
	path   string
	report func(at spec.Pos, path, msg, fix string) // may be nil

	ids      bool  // texts are IDs
	declared []any // the names that the entity's custom properties cannot have, quoted
}

func newFaker(g *ir.Graph, t Target) *faker {
	f := &faker{printer: printer{t.Model.Name()}, target: t, can: map[*ir.Type]bool{}, used: map[*ir.Type]bool{}}
	for _, typ := range g.Types {
		f.can[typ] = true
	}
	for again := true; again; { // an object without a value makes others impossible
		again = false
		for _, typ := range g.Types {
			for _, m := range typ.Fields {
				if _, ok := f.value("s", m.Type, m.Rules, m); !ok && m.Required && f.can[typ] {
					f.can[typ], again = false, true
				}
			}
			possible := func(v ir.Variant) bool { return f.can[v.Type] }
			if typ.Basic == ir.Union && f.can[typ] && !slices.ContainsFunc(typ.Variants, possible) {
				f.can[typ], again = false, true
			}
		}
	}
	for _, e := range g.Entities {
		for _, m := range e.Fields {
			f.use(m.Type)
		}
	}
	return f
}

// use notes the objects that a type has.
func (f *faker) use(t *ir.Type) {
	for t.Elem != nil {
		t = t.Elem
	}
	if t.Basic != ir.Object && t.Basic != ir.Union || f.used[t] {
		return
	}
	f.used[t] = true
	for _, v := range t.Variants {
		f.use(v.Type)
	}
	for _, m := range t.Fields {
		f.use(m.Type)
	}
}

func (f *faker) view(goName string) *fakeView {
	return &fakeView{
		Header: f.target.Header(), Package: f.target.Fake.Name(), Go: goName,
		Imports: importLines(f.target, runtimeTypes, sdk+"/pkg/mlmd/fakesupport", f.target.Model.Import),
	}
}

func (f *faker) entity(e *ir.Entity) *fakeView {
	v := f.view(e.Go)
	v.Name, v.Type, v.Obsolete = e.Name, f.model+"."+e.Go, e.Obsolete
	f.declared = declaredWords(e)
	v.Doc = fmt.Sprintf("%s returns a [%s] with random values that the spec allows. The same seed gives the same values, "+
		"which the functions of set then change.", e.Go, v.Type)
	var ids []string
	other := map[string]string{} // the Go names of fields
	var later []fakeField        // those that depend on others
	for _, m := range e.Fields {
		other[m.Name] = m.Go
	}
	for _, m := range e.Fields {
		switch m.Slot {
		case ir.ID, ir.CreateTime, ir.UpdateTime:
			continue // the store's
		}
		if m.Slot == ir.Parent || refers(e, m) != "" {
			if !m.Required {
				continue
			}
			ids = append(ids, m.Go)
			f.ids = true
		}
		if m.REST.NotBefore != "" {
			value := "f.MillisAfter(v." + other[m.REST.NotBefore] + ")"
			later = append(later, fakeField{m.Name, m.Go, value, m.Required && !m.Nullable})
			continue
		}
		v.add(f, m)
		f.ids = false
	}
	v.Optional = append(v.Optional, later...)
	if len(ids) > 0 {
		v.Doc += " To store it, set " + strings.Join(ids, " and ") + ": no entity has the ID there."
	}
	v.Doc = obsolete(v.Doc, e.Obsolete)
	return v
}

// declaredWords returns the names of properties that a fake would use for custom
// ones, and must not.
func declaredWords(e *ir.Entity) (out []any) {
	seen := map[string]bool{}
	add := func(names ...string) {
		for _, n := range names {
			if fakesupport.IsWord(n) && !seen[n] {
				seen[n] = true
				out = append(out, strconv.Quote(n))
			}
		}
	}
	for _, m := range e.Fields {
		add(m.Name, m.Key)
		add(m.Aliases...)
	}
	for _, c := range e.Copies {
		add(c.Property)
	}
	return out
}

func (f *faker) object(t *ir.Type) *fakeView {
	v := f.view(t.Go)
	v.Type = f.model + "." + t.Go
	for _, m := range t.Fields {
		v.add(f, m)
	}
	return v
}

// union returns the view of a union: first the variants that do not need another
// value of the union.
func (f *faker) union(t *ir.Type) *unionView {
	v := unionOf(t, f.target, f.target.Fake)
	v.Imports = f.view("").Imports
	var plain, rest []variantView
	for i, x := range v.Variants {
		of := t.Variants[i].Type
		switch {
		case !f.can[of]:
		case of.Requires(t):
			rest = append(rest, x)
		default:
			plain = append(plain, x)
		}
	}
	v.Variants, v.Plain = append(plain, rest...), len(plain)
	return v
}

// add adds a field, or reports that it must have a value and none can be made.
func (v *fakeView) add(f *faker, m *ir.Field) {
	optional := !m.Required || m.Nullable
	always := !optional || m.Default != nil // an unset one is read as its default
	if m.Deprecated && !always {
		return
	}
	v.Obsolete = v.Obsolete || m.Deprecated
	source := fmt.Sprintf("s.Field(%q)", m.Name)
	if !always {
		source = "f"
	}
	expr, ok := f.value(source, m.Type, m.Rules, m)
	if !ok {
		if always && f.report != nil {
			f.report(m.Pos, f.path+"."+m.Name, "no value is found that its rules allow, so there cannot be a fake",
				"add an example, or generate no fakes")
		}
		return
	}
	if m.Pointer {
		expr = "new(" + expr + ")"
	}
	if always {
		v.Members = append(v.Members, m.Go+": "+expr)
		return
	}
	v.Optional = append(v.Optional, fakeField{m.Name, m.Go, expr, false})
}

// value returns the expression of a value of type t, from a source. It reports
// false if the rules allow none. The field m is the one that the value is of, or
// nil for an element.
func (f *faker) value(source string, t *ir.Type, r ir.Rules, m *ir.Field) (expr string, ok bool) {
	call := func(method string, args ...any) (string, bool) {
		words := make([]string, len(args))
		for i, a := range args {
			words[i] = fmt.Sprint(a)
		}
		return source + "." + method + "(" + strings.Join(words, ", ") + ")", true
	}
	switch t.Basic {
	case ir.String:
		return f.text(call, r, m)
	case ir.IDString:
		return call("ID")
	case ir.Int32, ir.Int64:
		low, high := wholeRange(r, t.Basic == ir.Int32)
		if low > high {
			return "", false
		}
		expr, _ := call("Int", low, high)
		return pick(t.Basic == ir.Int32, "int32("+expr+")", expr), true
	case ir.Double:
		low, high := doubleRange(r)
		if low > high {
			return "", false
		}
		return call("Double", strconv.FormatFloat(low, 'g', -1, 64), strconv.FormatFloat(high, 'g', -1, 64))
	case ir.Bool:
		return call("Bool")
	case ir.Millis:
		return call("Millis")
	case ir.DateTime:
		return call("Time")
	case ir.Date:
		return "types.Date{Time: " + source + ".Day()}", true
	case ir.UUID:
		return "types.UUID(" + source + ".UUID())", true
	case ir.Bytes:
		return call("Bytes")
	case ir.JSON:
		return call("JSON")
	case ir.Values:
		return call("Custom", f.declared...)
	case ir.Enum:
		if len(t.Values) == 0 {
			return "", false
		}
		var list []string
		for _, v := range t.Values {
			list = append(list, f.model+"."+v.Go)
		}
		return "fakesupport.One(" + source + ", " + strings.Join(list, ", ") + ")", true
	case ir.Object, ir.Union:
		return "make" + t.Go + "(" + source + ".Object())", f.can[t]
	case ir.List, ir.Map:
		return f.elements(source, t, r)
	}
	return "", false
}

// elements returns the expression of a list or a map.
func (f *faker) elements(source string, t *ir.Type, r ir.Rules) (string, bool) {
	const more = 3 // elements than necessary
	low, limits := 0, ""
	if t.Basic == ir.List {
		low = orElse(r.MinItems, 0)
		high := min(orElse(r.MaxItems, low+more), low+more)
		if low > high {
			return "", false
		}
		limits = fmt.Sprintf("%d, %d, ", low, high)
	}
	elem, ok := f.value("s", t.Elem, t.Rules, nil)
	if !ok {
		return f.goType(t) + "{}", low == 0
	}
	return fmt.Sprintf("fakesupport.%s(%s, %sfunc(s *fakesupport.Source) %s { return %s })",
		pick(t.Basic == ir.List, "List", "Map"), source, limits, f.goType(t.Elem), elem), true
}

// text returns the expression of a text.
func (f *faker) text(call func(string, ...any) (string, bool), r ir.Rules, m *ir.Field) (string, bool) {
	if f.ids {
		return call("ID")
	}
	low, high := max(orElse(r.MinLength, 0), 1), orElse(r.MaxLength, -1) // an empty text is unset
	if high >= 0 && low > high {
		return "", false
	}
	if r.Pattern != "" {
		if _, err := fakesupport.New("", 1).Find(r.Pattern, low, high); err == nil {
			return call("Matching", strconv.Quote(r.Pattern), low, high)
		}
		if m == nil || len(m.Example) == 0 {
			return "", false
		}
		example := []rune(m.Example[0].Text)
		ok := len(example) >= low && (high < 0 || len(example) <= high) &&
			regexp.MustCompile(r.Pattern).MatchString(string(example)) // the Graph has only valid ones
		return m.Example[0].Literal, ok
	}
	if m != nil {
		switch m.Slot {
		case ir.Name, ir.ExternalID:
			return call("Name", low, high)
		case ir.URI:
			return call("URI", low, high)
		}
	}
	return call("Text", low, high)
}

// spread is how far random numbers are from a limit, or from zero without one.
const spread = 1000

// wholeRange returns the whole numbers that r allows, near its limits.
func wholeRange(r ir.Rules, is32 bool) (low, high int64) {
	low, high, hasLow, hasHigh := r.Whole()
	switch {
	case !hasLow && !hasHigh:
		low, high = -spread, spread
	case !hasHigh && low <= math.MaxInt32: // some stores keep 32 bits
		high = min(low+spread, math.MaxInt32)
	case !hasHigh:
		high = low + min(spread, math.MaxInt64-low)
	case !hasLow && high >= math.MinInt32:
		low = max(high-spread, math.MinInt32)
	case !hasLow:
		low = high - min(spread, high-math.MinInt64)
	case low <= math.MaxInt32 && high >= math.MinInt32:
		low, high = max(low, math.MinInt32), min(high, math.MaxInt32)
	}
	if is32 {
		low, high = max(low, math.MinInt32), min(high, math.MaxInt32)
	}
	return low, high
}

// doubleRange returns the numbers that r allows, near its limits.
func doubleRange(r ir.Rules) (low, high float64) {
	low, errLow := strconv.ParseFloat(r.Minimum, 64)
	high, errHigh := strconv.ParseFloat(r.Maximum, 64)
	if r.ExclusiveMin {
		low = math.Nextafter(low, math.Inf(1))
	}
	if r.ExclusiveMax {
		high = math.Nextafter(high, math.Inf(-1))
	}
	switch {
	case errLow != nil && errHigh != nil:
		return -spread, spread
	case errHigh != nil:
		high = min(low+spread, math.MaxFloat64)
	case errLow != nil:
		low = max(high-spread, -math.MaxFloat64)
	}
	return low, high
}
