package engine

import (
	"encoding/base64"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// The tokens of pages are those of the original, so that a list that was begun
// on one server can go on on another. What they hold of a page is its last
// node: field_offset is its id or its time, id_offset its id, and listed_ids,
// in lists by update time, its id and those of the nodes before it that were
// updated at the same time.

// encodeToken makes the token behind a page, which has at least one node.
func encodeToken(o *mlmdpb.ListOperationOptions, field orderBy, listed []cursor) (string, error) {
	last := listed[len(listed)-1]
	set := proto.CloneOf(o)
	set.NextPageToken = nil
	t := &mlmdpb.ListOperationNextPageToken{SetOptions: set}
	switch field {
	case byUpdateTime:
		t.FieldOffset = &last.time
		for i := len(listed) - 1; i >= 0 && listed[i].time == last.time; i-- {
			t.ListedIds = append(t.ListedIds, listed[i].id)
		}
	case byCreateTime:
		t.IdOffset, t.FieldOffset = &last.id, &last.time
	default:
		t.IdOffset, t.FieldOffset = &last.id, &last.id
	}
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(t)
	return base64.RawURLEncoding.EncodeToString(text), err
}

// decodeToken reads a token. It may be padded and may have white space in it.
func decodeToken(token string) (*mlmdpb.ListOperationNextPageToken, error) {
	compact := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n\v\f\r", r) {
			return -1
		}
		return r
	}, token)
	if full := strings.TrimRight(compact, "="); len(compact)-len(full) <= 2 {
		compact = full
	}
	text, err := base64.RawURLEncoding.DecodeString(compact)
	if err != nil {
		return nil, invalidArgf("Failed to decode next page token string")
	}
	t := &mlmdpb.ListOperationNextPageToken{}
	if err := proto.Unmarshal(text, t); err != nil {
		return nil, invalidArgf("Failed to parse decoded next page token into ListOperationNextPageToken proto message ")
	}
	return t, nil
}

// applyPageToken sets the place behind which the list goes on.
func (checked *listOptions) applyPageToken(o *mlmdpb.ListOperationOptions) error {
	token, err := decodeToken(o.GetNextPageToken())
	if err != nil {
		return err
	}
	field, ascending := order(token.GetSetOptions())
	if field != checked.field || ascending != checked.ascending {
		return invalidArgf("ListOperationOptions mismatch between calls Initial Options: %s Current Options: %s",
			summarize(token.GetSetOptions()), summarize(o))
	}
	checked.after = &cursor{time: token.GetFieldOffset(), id: token.GetIdOffset()}
	switch field {
	case byID:
		checked.after.id = token.GetFieldOffset()
	case byUpdateTime:
		if len(token.GetListedIds()) == 0 {
			return invalidArgf("Invalid NextPageToken in List Operation. listed_ids field should not be empty.")
		}
		checked.after.id = token.GetListedIds()[0]
	}
	return nil
}
