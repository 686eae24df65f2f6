package registry

import (
	"strings"
	"unicode"
)

// withArticle returns the name of an entity with its indefinite article:
// "a Prompt", "an Answer", "an MLModel", "a URLSource".
func withArticle(name string) string {
	vowels := "AEIO" // an initial U is mostly pronounced "you"
	if len(name) > 1 && unicode.IsUpper(rune(name[0])) && unicode.IsUpper(rune(name[1])) {
		vowels = "AEFHILMNORSX" // the letters of an acronym are pronounced one by one
	}
	if name != "" && strings.ContainsRune(vowels, unicode.ToUpper(rune(name[0]))) {
		return "an " + name
	}
	return "a " + name
}
