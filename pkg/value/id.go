package value

import (
	"errors"
	"strconv"
)

var errID = errors.New("is not an id: ids are positive decimal numbers, written without sign or leading zeros")

// ParseID returns the number that an id stands for. Ids are strings in Go and
// positive 64-bit numbers in a store; one number has one spelling, so "7" is an
// id, while "", "0", "-7", "+7" and "007" are not. The error is a phrase that
// follows the id in a message.
func ParseID(id string) (int64, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 || id[0] == '0' || id[0] == '+' {
		return 0, errID
	}
	return n, nil
}

// FormatID returns the id for a number: decimal digits, or "" for 0, which is
// the id of no node.
func FormatID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
