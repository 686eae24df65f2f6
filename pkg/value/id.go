package value

import (
	"errors"
	"strconv"
)

var errID = errors.New("is not an ID: must be a positive decimal number without leading zeros")

// ParseID returns the number of an ID. IDs are strings in Go and positive 64-bit
// numbers in a store. Each has a single spelling: "7" is an ID, while "", "0",
// "-7", "+7" and "007" are not. The error is a phrase to follow the quoted ID in a
// message.
func ParseID(id string) (int64, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n <= 0 || id[0] == '0' || id[0] == '+' {
		return 0, errID
	}
	return n, nil
}

// FormatID returns the ID of a number in decimal, or "" for 0, which is not an ID.
func FormatID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
