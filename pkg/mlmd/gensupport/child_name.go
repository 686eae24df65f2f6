package gensupport

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// SplitName takes the stored name of a child apart: the prefix before the
// first colon, and the name after it. Without a colon all is name.
func SplitName(stored string) (prefix, name string) {
	prefix, name, ok := strings.Cut(stored, ":")
	if !ok {
		return "", stored
	}
	return prefix, name
}

// ChildOwnName returns the name in the stored name of a child.
func ChildOwnName(stored string) string {
	_, name := SplitName(stored)
	return name
}

// ParentID returns the parent's id in the stored name of a child, and "" where
// its prefix is none: another program's, or a UUID.
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

// ChildName returns the stored name of the child called name below parent:
// "<parent id>:<name>", a UUID standing for what is not given.
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

// newUUID returns a random UUID (version 4) in its usual form.
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
