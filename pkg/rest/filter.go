package rest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filtertext"
	"github.com/mlmd-go/sdk/internal/restfilter"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

// parseFilter parses the filterQuery of a request, which may be empty.
func parseFilter(text string) (*restfilter.Node, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	n, err := restfilter.Parse(text)
	if err != nil {
		return nil, badRequest("invalid filter query syntax: error parsing filter query: %v", err)
	}
	return n, nil
}

// condition returns the filter as a condition on the entities of the resource.
// Beside an error it returns the condition in which comparisons that these
// entities cannot have are false.
func (r *resource) condition(n *restfilter.Node) (*filtertext.Node, error) {
	if n == nil {
		return nil, nil
	}
	var first error
	out := r.translate(n, &first)
	if first != nil {
		return out, badRequest("invalid filter query: %v", first)
	}
	return out, nil
}

var joins = map[restfilter.Op]filtertext.Op{restfilter.And: filtertext.OpAnd, restfilter.Or: filtertext.OpOr}

var comparisons = map[restfilter.Op]filtertext.Op{
	restfilter.Eq: filtertext.OpEq, restfilter.Ne: filtertext.OpNe,
	restfilter.Lt: filtertext.OpLt, restfilter.Le: filtertext.OpLe,
	restfilter.Gt: filtertext.OpGt, restfilter.Ge: filtertext.OpGe,
	restfilter.Like: filtertext.OpLike, restfilter.In: filtertext.OpIn,
}

// translate sets first to the first error, unless it is set.
func (r *resource) translate(n *restfilter.Node, first *error) *filtertext.Node {
	if op, ok := joins[n.Op]; ok {
		kids := make([]*filtertext.Node, len(n.Kids))
		for i, kid := range n.Kids {
			kids[i] = r.translate(kid, first)
		}
		return &filtertext.Node{Op: op, Kids: kids}
	}
	out, err := r.comparison(n)
	if err != nil {
		if *first == nil {
			*first = err
		}
		return &filtertext.Node{Op: filtertext.OpNever}
	}
	return out
}

func (r *resource) comparison(n *restfilter.Node) (*filtertext.Node, error) {
	if text, ok := r.Constants[n.Name]; ok && n.Column == "" {
		return compareConstant(n, text)
	}
	f, kind := r.filterField(n)
	return compare(n, f, kind)
}

// An operandKind is what the values compared with a field must be.
type operandKind uint8

const (
	anyKind operandKind = iota // of a custom property: the value decides
	textKind
	numberKind
	boolKind
	idKind // a number that may be written as a string
	artifactStateKind
	executionStateKind
	opaqueKind // cannot be compared
)

// columnKinds are the kinds of the columns that a filter may name.
var columnKinds = map[string]operandKind{
	filtertext.StringColumn: textKind, filtertext.IntColumn: numberKind,
	filtertext.DoubleColumn: numberKind, filtertext.BoolColumn: boolKind,
}

// propertyKinds are the kinds of declared properties. Others are opaque.
var propertyKinds = map[mlmdpb.PropertyType]operandKind{
	mlmdpb.PropertyType_STRING: textKind, mlmdpb.PropertyType_BOOLEAN: boolKind,
	mlmdpb.PropertyType_INT: idKind, mlmdpb.PropertyType_DOUBLE: numberKind,
}

// filterField returns what the comparison reads. A name that is neither a member
// nor a declared property is that of a custom property.
func (r *resource) filterField(n *restfilter.Node) (filtertext.Field, operandKind) {
	attr := func(name string, k operandKind) (filtertext.Field, operandKind) {
		return filtertext.Field{Attr: name}, k
	}
	if n.Column == "" {
		switch n.Name {
		case idMember:
			return attr("id", idKind)
		case nameMember:
			return r.nameField(), textKind
		case externalIDMember:
			return attr("external_id", textKind)
		case createTimeMember:
			return attr("create_time_since_epoch", idKind)
		case updateTimeMember:
			return attr("last_update_time_since_epoch", idKind)
		}
		if p := r.typ.Parent; p != nil && n.Name == p.Field && r.codec.field(p.Field) != nil {
			return filtertext.Field{Neighbor: r.parentAlias("p"), Attr: "id"}, idKind
		}
	}
	for _, m := range r.Marks {
		if n.Column == "" && m.Member != "" && n.Name == m.Member {
			return filtertext.Field{Property: m.Property, Custom: true, AnyNumber: true}, idKind
		}
	}
	for i := range r.typ.Fields {
		f := &r.typ.Fields[i]
		if f.Derived {
			continue
		}
		if property, ok := f.Property(); ok && r.names(f, property, n.Name) {
			return declared(n, f, property)
		}
		if n.Column == "" && n.Name == f.Name && r.codec.field(f.Name) != nil {
			switch f.Path {
			case "uri":
				return attr("uri", textKind)
			case "state":
				return attr("state", artifactStateKind)
			case "last_known_state":
				return attr("last_known_state", executionStateKind)
			}
		}
	}
	f := filtertext.Field{Property: n.Name, Custom: true, Column: n.Column, AnyNumber: n.Column == ""}
	return f, columnKinds[n.Column]
}

// names reports whether a filter means the field f, which is stored in the property, by
// the name.
func (r *resource) names(f *mlmd.Field, property, name string) bool {
	if name == f.Name && r.codec.field(f.Name) != nil {
		return true
	}
	if r.former != nil {
		field, ok := r.former[name]
		return ok && field == f.Name
	}
	return name == property
}

// declared returns what a comparison of a declared property reads.
func declared(n *restfilter.Node, f *mlmd.Field, property string) (filtertext.Field, operandKind) {
	out := filtertext.Field{Property: property, LegacyNames: f.LegacyNames, Column: n.Column}
	if n.Column != "" {
		return out, columnKinds[n.Column]
	}
	kind, ok := propertyKinds[f.Type]
	if !ok {
		kind = opaqueKind
	}
	out.AnyNumber = kind == numberKind || kind == idKind
	return out, kind
}

// nameField returns the name below the prefix that the stored name of a child
// has.
func (r *resource) nameField() filtertext.Field {
	p := r.typ.Parent
	return filtertext.Field{Attr: "name", OwnName: p != nil && !p.UnprefixedName}
}

// parentAlias returns the alias of a parent in MLMD's filter language.
func (r *resource) parentAlias(suffix string) string {
	if r.typ.Kind == mlmd.Context {
		return "parent_contexts_" + suffix
	}
	return "contexts_" + suffix
}

func compareConstant(n *restfilter.Node, text string) (*filtertext.Node, error) {
	never := &filtertext.Node{Op: filtertext.OpNever}
	holds := false
	for _, v := range n.Values {
		s, ok := v.(string)
		if !ok {
			return nil, mismatch(n, "a string")
		}
		holds = holds || s == text
	}
	switch n.Op {
	case restfilter.Eq, restfilter.In:
	case restfilter.Ne:
		holds = !holds
	default:
		return nil, n.Errorf("%s can be compared with =, != and IN only", n.Name)
	}
	if holds {
		return &filtertext.Node{Op: filtertext.OpNot, Kids: []*filtertext.Node{never}}, nil
	}
	return never, nil
}

// mismatch returns the error for an operand of the wrong type.
func mismatch(n *restfilter.Node, want string) error {
	return n.Errorf("type mismatch or invalid value in comparison: %s is compared with %s", n.Name, want)
}

// compare returns the comparison of f, whose operands must be of the kind.
func compare(n *restfilter.Node, f filtertext.Field, kind operandKind) (*filtertext.Node, error) {
	if kind == opaqueKind {
		return nil, n.Errorf("%s cannot be compared: it is a list, an object or a message", n.Name)
	}
	args := make([]any, len(n.Values))
	ints := true
	for i, v := range n.Values {
		arg, err := operand(n, v, kind)
		if err != nil {
			return nil, err
		}
		args[i] = arg
		_, isInt := arg.(int64)
		ints = ints && isInt
	}
	if _, isText := args[0].(string); n.Op == restfilter.Like && !isText {
		return nil, n.Errorf("LIKE needs text: %s is compared with %T", n.Name, args[0])
	}
	if _, isBool := args[0].(bool); isBool && n.Op != restfilter.Eq && n.Op != restfilter.Ne && n.Op != restfilter.In {
		return nil, n.Errorf("%s can be compared with =, != and IN only", n.Name)
	}
	switch kind {
	case artifactStateKind, executionStateKind:
		return compareState(n, f, args)
	}
	if n.Op == restfilter.In && !ints && !allText(args) {
		return anyOf(n, f, args), nil
	}
	return comparison(comparisons[n.Op], f, args...), nil
}

// comparison returns a comparison with values of one type, which decides on the
// column that is read.
func comparison(op filtertext.Op, f filtertext.Field, args ...any) *filtertext.Node {
	if f.Property != "" && (f.Column == "" || f.AnyNumber) {
		f.Column = columnOf(args[0])
		f.AnyNumber = f.AnyNumber && (f.Column == filtertext.IntColumn || f.Column == filtertext.DoubleColumn)
	}
	return &filtertext.Node{Op: op, Field: f, Args: args}
}

func columnOf(v any) string {
	switch v.(type) {
	case int64:
		return filtertext.IntColumn
	case float64:
		return filtertext.DoubleColumn
	case bool:
		return filtertext.BoolColumn
	}
	return filtertext.StringColumn
}

func allText(args []any) bool {
	for _, a := range args {
		if _, ok := a.(string); !ok {
			return false
		}
	}
	return true
}

// anyOf returns an IN with values of several types, or with decimal numbers.
func anyOf(n *restfilter.Node, f filtertext.Field, args []any) *filtertext.Node {
	kids := make([]*filtertext.Node, len(args))
	for i, a := range args {
		kids[i] = comparison(filtertext.OpEq, f, a)
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return &filtertext.Node{Op: filtertext.OpOr, Kids: kids}
}

// operand returns the value that is compared, which the filter has as v.
func operand(n *restfilter.Node, v any, kind operandKind) (any, error) {
	switch v := v.(type) {
	case string:
		switch kind {
		case anyKind, textKind, artifactStateKind, executionStateKind:
			return v, nil
		case idKind:
			i, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return nil, mismatch(n, fmt.Sprintf("%q, which is not an integer", v))
			}
			return i, nil
		}
		return nil, mismatch(n, fmt.Sprintf("the text %q", v))
	case bool:
		if kind != anyKind && kind != boolKind {
			return nil, mismatch(n, "a boolean")
		}
		return v, nil
	case float64:
		if kind != anyKind && kind != numberKind {
			return nil, mismatch(n, "a decimal number")
		}
		if n.Column == filtertext.IntColumn {
			return nil, mismatch(n, "a decimal number")
		}
		return v, nil
	case int64:
		switch kind {
		case textKind, boolKind, artifactStateKind, executionStateKind:
			return nil, mismatch(n, "a number")
		}
		if n.Column == filtertext.DoubleColumn {
			return float64(v), nil
		}
		return v, nil
	}
	return nil, mismatch(n, fmt.Sprintf("%T", v))
}

// compareState returns a comparison of a state, which is stored as a number.
func compareState(n *restfilter.Node, f filtertext.Field, args []any) (*filtertext.Node, error) {
	names := mlmdpb.Artifact_State_value
	if f.Attr == "last_known_state" {
		names = mlmdpb.Execution_State_value
	}
	var numbers []any
	unset := false
	for _, a := range args {
		if i, ok := names[a.(string)]; ok {
			numbers = append(numbers, int64(i))
			unset = unset || i == 0 // shown for an entity without a state
		}
	}
	in := &filtertext.Node{Op: filtertext.OpIn, Field: f, Args: numbers}
	if len(numbers) == 0 {
		in = &filtertext.Node{Op: filtertext.OpNever}
	}
	if unset {
		is := &filtertext.Node{Op: filtertext.OpIsSet, Field: f}
		not := &filtertext.Node{Op: filtertext.OpNot, Kids: []*filtertext.Node{is}}
		in = &filtertext.Node{Op: filtertext.OpOr, Kids: []*filtertext.Node{in, not}}
	}
	switch n.Op {
	case restfilter.Eq, restfilter.In:
		return in, nil
	case restfilter.Ne:
		return &filtertext.Node{Op: filtertext.OpNot, Kids: []*filtertext.Node{in}}, nil
	}
	return nil, n.Errorf("%s can be compared with =, != and IN only", n.Name)
}

// and joins conditions, of which nil selects everything.
func and(conditions ...*filtertext.Node) *filtertext.Node {
	var kids []*filtertext.Node
	for _, c := range conditions {
		if c != nil {
			kids = append(kids, c)
		}
	}
	switch len(kids) {
	case 0:
		return nil
	case 1:
		return kids[0]
	}
	return &filtertext.Node{Op: filtertext.OpAnd, Kids: kids}
}
