package engine

import (
	"math"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/internal/filterquery"
	"github.com/mlmd-go/sdk/internal/listorder"
)

// maxPageSize limits the nodes of a page. The reference implementation has the
// same limit.
const maxPageSize = 101

// orderBy is a field by which lists are sorted.
type orderBy = mlmdpb.ListOperationOptions_OrderByField_Field

const (
	byNothing    = mlmdpb.ListOperationOptions_OrderByField_FIELD_UNSPECIFIED
	byCreateTime = mlmdpb.ListOperationOptions_OrderByField_CREATE_TIME
	byUpdateTime = mlmdpb.ListOperationOptions_OrderByField_LAST_UPDATE_TIME
	byID         = mlmdpb.ListOperationOptions_OrderByField_ID
)

// timeColumns are the columns of the fields that are times.
var timeColumns = map[orderBy]string{
	byCreateTime: "create_time_since_epoch",
	byUpdateTime: "last_update_time_since_epoch",
}

// listOptions are validated list options.
type listOptions struct {
	size      int
	field     orderBy
	ascending bool
	filter    *filterquery.Filter // may be nil
	after     *cursor             // the list continues after it; nil on the first page
	// by replaces field, and at replaces after, if by is not nil.
	by *listorder.By
	at *listorder.Position
}

// parseListOptions validates options in the order of the reference
// implementation, because the order determines which of several errors a client
// sees.
// by is the order that travels beside the request, or nil.
func parseListOptions(k *nodeKind, o *mlmdpb.ListOperationOptions, by *listorder.By) (*listOptions, error) {
	size := o.GetMaxResultSize()
	switch {
	case size <= 0:
		return nil, invalidArgf("max_result_size field value is required to be greater than 0 and less than or equal to"+
			" 100. Set value:%d", size)
	case size == math.MaxInt32:
		return nil, invalidArgf("max_result_size field value is required to be greater than 0. Set value: %d", math.MinInt32)
	}
	checked := &listOptions{size: min(int(size), maxPageSize), by: by}
	var err error
	if o.GetFilterQuery() != "" {
		if checked.filter, err = compileFilter(k, o.GetFilterQuery()); err != nil {
			return nil, err
		}
	}
	checked.field, checked.ascending = order(o)
	if checked.by != nil {
		return checked, checked.applyPosition(o.GetNextPageToken())
	}
	if o.GetNextPageToken() != "" {
		if err := checked.applyPageToken(o); err != nil {
			return nil, err
		}
	}
	if checked.field == byNothing {
		return nil, invalidArgf("Unsupported field: FIELD_UNSPECIFIED specified in ListOperationOptions")
	}
	return checked, nil
}

// applyPosition sets checked.at to the position in a token, which may be empty.
func (checked *listOptions) applyPosition(token string) error {
	if token == "" {
		return nil
	}
	at, err := listorder.ParseToken(token)
	if err != nil {
		return invalidArgf("Invalid position in the page token: %v", err)
	}
	checked.at = &at
	return nil
}

// compileFilter compiles a client's filter.
func compileFilter(k *nodeKind, text string) (*filterquery.Filter, error) {
	f, err := filterquery.Compile(text, k.typeKind)
	if err != nil {
		return nil, invalidFilter(err)
	}
	return f, nil
}

func invalidFilter(err error) error { return invalidArgf("Invalid `filter_query`: %v", err) }

// order returns the effective order of options. The default is by ID,
// ascending. Unknown enum values count as absent.
func order(o *mlmdpb.ListOperationOptions) (field orderBy, ascending bool) {
	by := o.GetOrderByField()
	field = by.GetField()
	if _, known := mlmdpb.ListOperationOptions_OrderByField_Field_name[int32(field)]; !known {
		field = byID
	}
	return field, by.GetIsAsc()
}

// summarize formats options for a message, without filters and tokens, which
// may be long.
func summarize(o *mlmdpb.ListOperationOptions) string {
	short := &mlmdpb.ListOperationOptions{}
	if o != nil {
		short.MaxResultSize, short.OrderByField = o.MaxResultSize, o.OrderByField
	}
	return prototext.MarshalOptions{}.Format(proto.Clone(short))
}
