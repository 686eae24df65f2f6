package filtering

import "strings"

// words are what slips and babble are made of.
var words = strings.Fields("id name uri state type foo LIVE properties.p.int_value contexts_a.name events_0.type " +
	"AND OR NOT IN LIKE BETWEEN IS NULL TRUE " +
	"CASE WHEN THEN ELSE END CAST AS ( ) , = != <> < <= > >= + - * / | & ~ ^ << || . ; 1 0 2.5 -3 'a' \"b\" ` " +
	"' \" @p ? -- /* */ # == ! % { [ SELECT COUNT( LOWER( nosuch( " +
	"9223372036854775808 99999999999999999999 0x 1e 1e5 b'a' r'\\' '''x ESCAPE DISTINCT INTERVAL DATE NEW")

// slip changes one thing in a filter.
func (w Writer) slip(filter string) string {
	if filter == "" {
		return filter
	}
	parts := strings.SplitAfter(filter, " ")
	n := w.IntN(len(parts))
	switch w.IntN(8) {
	case 0:
		parts[n] = ""
	case 1:
		parts[n] += parts[n]
	case 2:
		parts[n] = pick(w.Rand, words) + " "
	case 3:
		parts[n] += " " + pick(w.Rand, words) + " "
	case 4:
		m := w.IntN(len(parts))
		parts[n], parts[m] = parts[m], parts[n]
	case 5: // a letter less
		at := w.IntN(len(filter))
		return strings.ToValidUTF8(filter[:at]+filter[at+1:], "")
	case 6: // a letter more
		at := w.IntN(len(filter) + 1)
		return strings.ToValidUTF8(filter[:at]+string("aA1_. ()'`\"\\,=%"[w.IntN(15)])+filter[at:], "")
	case 7: // cut short
		return strings.ToValidUTF8(filter[:w.IntN(len(filter))], "")
	}
	return strings.Join(parts, "")
}

// babble is words without sense.
func (w Writer) babble() string {
	var all []string
	for range 1 + w.IntN(8) {
		all = append(all, pick(w.Rand, words))
	}
	return strings.Join(all, w.oneOf(" ", " ", ""))
}
