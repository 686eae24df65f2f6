package gensupport

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// SplitName splits the stored name of a child at its first colon into prefix
// and name. Without a colon, the prefix is empty.
func SplitName(stored string) (prefix, name string) {
	prefix, name, ok := strings.Cut(stored, ":")
	if !ok {
		return "", stored
	}
	return prefix, name
}

// ChildOwnName returns the stored name of a child without its prefix.
func ChildOwnName(stored string) string {
	_, name := SplitName(stored)
	return name
}

// ParentID returns the parent's ID in the stored name of a child. It returns
// "" if the prefix is not an ID: a UUID, or text of another program.
func ParentID(stored string) string {
	prefix, _, ok := strings.Cut(stored, ":")
	if !ok {
		return ""
	}
	if _, err := value.ParseID(prefix); err != nil {
		return ""
	}
	return prefix
}

// ChildName returns the stored name of a child of parent: "<parent
// ID>:<name>". A UUID replaces an ID or a name that is missing.
func ChildName(parent mlmd.Parent, name string) string {
	prefix := strconv.FormatInt(parent.ID, 10)
	if parent.ID == 0 {
		prefix = uuidOf(parent)
	}
	if name == "" {
		name = uuidOf(parent)
	}
	return prefix + ":" + name
}

func uuidOf(parent mlmd.Parent) string {
	if parent.UUID != "" {
		return parent.UUID
	}
	return newUUID()
}

// newUUID returns a random UUID (version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}
