package filtering

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/typekind"
	"github.com/mlmd-go/sdk/pkg/store/storetest"
)

// An Answer is what a service says to a filter.
type Answer struct {
	Code    codes.Code
	Message string
	IDs     []int64 // in the order of the list
}

// String is the answer in one line.
func (a Answer) String() string {
	if a.Code == codes.OK {
		return fmt.Sprint(a.IDs)
	}
	message := a.Message
	if len(message) > 300 {
		message = message[:300] + "…"
	}
	return fmt.Sprintf("%v %s", a.Code, message)
}

// Ask lists the nodes of a kind.
func Ask(ctx context.Context, rpc mlmdpb.MetadataStoreServiceClient, of typekind.Kind,
	o *mlmdpb.ListOperationOptions,
) Answer {
	var ids []int64
	var err error
	switch of {
	case typekind.Artifact:
		var r *mlmdpb.GetArtifactsResponse
		r, err = rpc.GetArtifacts(ctx, &mlmdpb.GetArtifactsRequest{Options: o})
		for _, n := range r.GetArtifacts() {
			ids = append(ids, n.GetId())
		}
	case typekind.Execution:
		var r *mlmdpb.GetExecutionsResponse
		r, err = rpc.GetExecutions(ctx, &mlmdpb.GetExecutionsRequest{Options: o})
		for _, n := range r.GetExecutions() {
			ids = append(ids, n.GetId())
		}
	default:
		var r *mlmdpb.GetContextsResponse
		r, err = rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: o})
		for _, n := range r.GetContexts() {
			ids = append(ids, n.GetId())
		}
	}
	s := status.Convert(err)
	return Answer{Code: s.Code(), Message: s.Message(), IDs: ids}
}

// Agrees reports whether two services returned the same IDs or the same code.
func (a Answer) Agrees(b Answer) bool {
	return a.Code == b.Code && slices.Equal(a.IDs, b.IDs)
}

// An excuse recognizes an intended difference.
type excuse struct {
	difference storetest.Capability
	accepts    func(filter string, ours, original Answer) bool
}

// Excuse returns the intended difference that explains why the two answers
// differ, if there is one.
func Excuse(filter string, ours, original Answer) (storetest.Capability, bool) {
	for _, e := range excuses {
		if e.accepts(filter, ours, original) {
			return e.difference, true
		}
	}
	return "", false
}

// excuses are in the order in which they are tried. Each speaks of one pair of
// codes, and of what must be in the text or the messages besides.
var excuses = []excuse{
	{storetest.PortableFilters, func(_ string, ours, original Answer) bool {
		return original.Code == codes.Internal &&
			(ours.Code == codes.OK || ours.Code == codes.InvalidArgument && notOffered.MatchString(ours.Message))
	}},
	{storetest.PortableFilters, func(_ string, ours, original Answer) bool {
		return original.Code == codes.OK && ours.Code == codes.InvalidArgument && notOffered.MatchString(ours.Message)
	}},
	{storetest.PortableFilters, func(filter string, ours, original Answer) bool { // beyond 64 bits
		return bothOK(ours, original) && strings.Contains(filter, "9223372036854775808")
	}},
	// SQLite casts to a type of that name as to a number
	{storetest.PortableFilters, func(filter string, ours, original Answer) bool {
		return bothOK(ours, original) && strings.Contains(strings.ToUpper(filter), "AS STRING")
	}},
	{storetest.EnumComparisons, func(filter string, ours, original Answer) bool {
		return refusedOnlyThere(ours, original) && enumText.MatchString(filter)
	}},
	// state != LIVE IS TRUE: its rewriting adds parentheses
	{storetest.EnumComparisons, func(filter string, ours, original Answer) bool {
		return refusedOnlyHere(ours, original) && enumText.MatchString(filter) &&
			strings.Contains(ours.Message, "comparisons do not chain")
	}},
	// state = /* */ 2: its rewriting does not see it
	{storetest.EnumComparisons, func(filter string, ours, original Answer) bool {
		return refusedOnlyHere(ours, original) && strings.Contains(ours.Message, "Unsupported enum value") &&
			comment.MatchString(filter)
	}},
	{storetest.EnumComparisons, func(filter string, ours, original Answer) bool { // a name in backquotes and without
		return refusedOnlyThere(ours, original) && strings.Contains(filter, "properties.`") &&
			strings.Contains(original.Message, "Unrecognized name: ")
	}},
	// properties.p. int_value, where it is never without the blank
	{storetest.EnumComparisons, func(filter string, ours, original Answer) bool {
		return refusedOnlyThere(ours, original) && blankBeforeValue.MatchString(filter) &&
			strings.Contains(original.Message, "properties ")
	}},
	{storetest.CaseSensitivePropertyNames, func(filter string, ours, original Answer) bool {
		return bothOK(ours, original) && capitals.MatchString(filter)
	}},
	{storetest.ExactStringLiterals, func(filter string, ours, original Answer) bool {
		return bothOK(ours, original) && (oddLiteral(filter) || columnName.MatchString(filter))
	}},
	{storetest.ExactStringLiterals, func(filter string, ours, original Answer) bool {
		return refusedOnlyThere(ours, original) && oddName.MatchString(filter)
	}},
}

func bothOK(ours, original Answer) bool { return ours.Code == codes.OK && original.Code == codes.OK }

func refusedOnlyThere(ours, original Answer) bool {
	return ours.Code == codes.OK && original.Code == codes.InvalidArgument
}

func refusedOnlyHere(ours, original Answer) bool {
	return ours.Code == codes.InvalidArgument && original.Code == codes.OK
}

var (
	// notOffered are the messages about what databases disagree on.
	notOffered = regexp.MustCompile("is not supported|are not supported|Function not found|Invalid cast|" +
		"Type not found|SUBSTR wants|" +
		"Number of arguments does not match|Invalid integer literal|Invalid floating point literal|" +
		"NUL|nests deeper|BYTES literals|keyword SELECT")
	// blankBeforeValue is a property with a blank behind its last dot.
	blankBeforeValue = regexp.MustCompile("properties[.](\\w+|`[^`]+`)[.]\\s")

	comment  = regexp.MustCompile(`#|--|/\*`)
	enumText = regexp.MustCompile(`(?i)(state|\.type)\W`)
	capitals = regexp.MustCompile("properties\\.(\\w*[A-Z]\\w*|`[^`]*[A-Z][^`]*`)\\.")
	// columnName is a property whose name is that of a column: SQLite takes it for one.
	columnName = regexp.MustCompile("(?i)properties[.]`?(name|[a-z_]+_value|[a-z_]+_id|is_custom_property)`?[.]")
	oddName    = regexp.MustCompile("properties\\.`[^`]*[^\\w` ][^`]*`")
	columns    = regexp.MustCompile(`(?i)^(id|name|type|type_id|uri|state|external_id|\w*_value|is_custom_property|` +
		`\w+_id|\w+_since_epoch|last_known_state)$`)
)

// oddLiteral reports whether a filter has a string that the reference
// implementation changes: one that names a column, needs an escape, or has both
// quotes.
func oddLiteral(filter string) bool {
	if strings.Contains(filter, `\`) || strings.Contains(filter, "r'") || strings.Contains(filter, "'''") {
		return true
	}
	for _, quote := range []string{"'", `"`} {
		for i, part := range strings.Split(filter, quote) {
			if i%2 == 1 &&
				(columns.MatchString(part) || enumText.MatchString(part+" ") || strings.Contains(part, "properties")) {
				return true
			}
		}
	}
	return false
}
