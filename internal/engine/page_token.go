package engine

import (
	"encoding/base64"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// Page tokens are those of the reference implementation, so a list that begins on
// one server can continue on another. A token contains the options and the last
// node of the page: field_offset is its ID or time, id_offset its ID. In lists by
// update time, listed_ids has its ID and those of the preceding nodes with the
// same time.

// encodeToken returns the token for the page after listed, which must not be
// empty.
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

// decodeToken parses a token, which may be padded and contain white space.
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

// applyPageToken checks the token of o against its options and sets
// checked.after.
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
