package filterquery

import "strings"

// A kind is the kind of a token.
type kind uint8

const (
	tEnd     kind = iota // end of the text
	tName                // an identifier or a keyword
	tQuoted              // an identifier in backquotes; text is its content
	tInt                 // an integer literal
	tFloat               // a floating point literal
	tText                // a string literal; text is its value
	tBytes               // a bytes literal
	tOperate             // an operator or punctuation
)

// A token is a token of the text.
type token struct {
	kind  kind
	text  string // as written, unless its kind says otherwise
	at    Pos
	end   Pos
	glued bool // follows the previous token without white space or comment
}

// is reports whether t is the keyword, in upper case, or operator word.
func (t token) is(word string) bool {
	switch t.kind {
	case tName:
		return strings.EqualFold(t.text, word)
	case tOperate:
		return t.text == word
	}
	return false
}

// describe returns t for messages of the form "got …".
func (t token) describe() string {
	switch t.kind {
	case tEnd:
		return "end of expression"
	case tName:
		if reserved[strings.ToUpper(t.text)] {
			return "keyword " + strings.ToUpper(t.text)
		}
		return "identifier " + quoteShort(t.text)
	case tQuoted:
		return "identifier " + quoteShort("`"+t.text+"`")
	case tInt:
		return "integer literal " + quoteShort(t.text)
	case tFloat:
		return "floating point literal " + quoteShort(t.text)
	case tText:
		return "string literal " + quoteShort(t.text)
	case tBytes:
		return "bytes literal"
	}
	return quoteShort(t.text)
}

// unexpected returns t for messages of the form "Unexpected …".
func (t token) unexpected() string { return "Unexpected " + t.describe() }

// reserved holds the keywords that cannot be names.
var reserved = wordSet(`ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE
	CONTAINS CREATE CROSS CUBE CURRENT DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT
	EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL GROUP GROUPING GROUPS HASH HAVING IF
	IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE NATURAL NEW
	NO NOT NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO RANGE RECURSIVE RESPECT
	RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST
	USING WHEN WHERE WINDOW WITH WITHIN`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}
