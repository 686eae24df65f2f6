package restclient

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/internal/filtertext"
)

// signs are the comparisons that servers agree on.
var signs = map[filtertext.Op]string{
	filtertext.OpEq: "=", filtertext.OpLt: "<", filtertext.OpLe: "<=", filtertext.OpGt: ">", filtertext.OpGe: ">=",
}

var identifier = regexp.MustCompile(`^[A-Za-z_][0-9A-Za-z_]*$`)

// filter returns a filterQuery that selects at least the entities that satisfy
// the condition, or "" if it can say nothing. It uses only what no server is known
// to read otherwise.
func (p *place) filter(n *filtertext.Node) string {
	if n == nil {
		return ""
	}
	if n.Op == filtertext.OpAnd {
		var parts []string
		for _, kid := range n.Kids {
			if text := p.filter(kid); text != "" {
				parts = append(parts, text)
			}
		}
		return strings.Join(parts, " AND ")
	}
	sign, ok := signs[n.Op]
	if !ok || len(n.Args) != 1 {
		return ""
	}
	name, onlyEqual := p.symbol(n.Field)
	if name == "" || onlyEqual && n.Op != filtertext.OpEq {
		return ""
	}
	switch v := n.Args[0].(type) {
	case string:
		// The order of text differs between databases, and so does what a pattern
		// makes of a backslash. A default may stand for a value that is not stored.
		if n.Op != filtertext.OpEq || strings.ContainsAny(v, "\\\x00") || p.table.Defaults[name] == v {
			return ""
		}
		if n.Field.OwnName && strings.ContainsAny(v, `'"`) { // may be glued into a pattern
			return ""
		}
		return name + " " + sign + " '" + strings.ReplaceAll(v, "'", `\'`) + "'"
	case int64:
		if n.Field.Property != "" && (!n.Field.AnyNumber || n.Field.Column != filtertext.IntColumn) {
			return ""
		}
		return name + " " + sign + " " + strconv.FormatInt(v, 10)
	case bool:
		if n.Op != filtertext.OpEq {
			return ""
		}
		return name + " = " + strconv.FormatBool(v)
	}
	return ""
}

// symbol returns the name of a field in filters, or "" if filters cannot read it
// reliably. onlyEqual reports that it can be compared with = only.
func (p *place) symbol(f filtertext.Field) (name string, onlyEqual bool) {
	switch {
	case f.Neighbor != "", f.Member != "", len(f.LegacyNames) > 0:
		return "", false
	case f.Attr != "":
		switch f.Attr {
		case "id":
			return idMember, false
		case "name":
			return nameMember, true
		case "external_id":
			return "externalId", true
		case "create_time_since_epoch":
			return createdMember, false
		case "last_update_time_since_epoch":
			return updatedMember, false
		}
		return "", false
	case f.Custom:
		for i := range p.Fields { // the server reads the member of that name
			field := &p.Fields[i]
			if property, _ := field.Property(); field.Name == f.Property || property == f.Property {
				return "", false
			}
		}
		if identifier.MatchString(f.Property) && !isKnown(f.Property) {
			return f.Property, false
		}
		return "", false
	}
	for i := range p.Fields {
		field := &p.Fields[i]
		if property, ok := field.Property(); ok && property == f.Property && !field.Derived &&
			(field.Name == "state" || field.Name == "owner" || field.Name == "author" || field.Name == property) {
			return field.Name, true
		}
	}
	return "", false
}

// knownNames are names that filters read as members of some entity, or as
// keywords.
var knownNames = map[string]bool{}

func init() {
	for _, name := range strings.Fields(`id name externalId createTimeSinceEpoch lastUpdateTimeSinceEpoch state owner
		author
		registeredModelId uri modelFormatName modelFormatVersion storageKey storagePath serviceAccountName modelSourceKind
		modelSourceClass modelSourceGroup modelSourceId modelSourceName digest sourceType source schema profile value
		timestamp step parameterType experimentId experimentRunId status startTimeSinceEpoch endTimeSinceEpoch
		artifactType and or like ilike in true false`) {
		knownNames[strings.ToLower(name)] = true
	}
}

func isKnown(name string) bool { return knownNames[strings.ToLower(name)] }
