package registry

import (
	"strings"
	"unicode"
)

// withArticle returns the name of an entity after the article that it is spoken
// with: "a Prompt", "an Answer", "an MLModel", "a URLSource".
func withArticle(name string) string {
	vowels := "AEIO" // a U that begins a word is mostly a "you"
	if len(name) > 1 && unicode.IsUpper(rune(name[0])) && unicode.IsUpper(rune(name[1])) {
		vowels = "AEFHILMNORSX" // the letters of an initialism are spoken one by one
	}
	if name != "" && strings.ContainsRune(vowels, unicode.ToUpper(rune(name[0]))) {
		return "an " + name
	}
	return "a " + name
}
