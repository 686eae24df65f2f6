package exchange

import (
	"net/netip"
	"net/url"
	"strings"
)

// A Location is a URI in parts.
type Location struct {
	Scheme    string // in lower case
	Authority string // without the name and password of a user
	Rest      string // the path, query and fragment
	slashes   bool   // whether there are two before the authority
}

// ParseURI returns the parts of a URI, or false if it has no scheme. Locations have
// no users, since exports are read by more people than the store. In URIs of Azure's
// storage the user is a container, which is kept. A scheme of one letter is the drive
// of a file.
func ParseURI(uri string) (l Location, ok bool) {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok || len(scheme) < 2 {
		return l, false
	}
	for i, c := range []byte(scheme) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || strings.IndexByte("0123456789+-.", c) < 0) {
			return l, false
		}
	}
	l = Location{Scheme: strings.ToLower(scheme), Rest: rest}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		end := strings.IndexAny(after, "/?#")
		if end < 0 {
			end = len(after)
		}
		l.Authority, l.Rest, l.slashes = after[:end], after[end:], true
	}
	if at := strings.LastIndexByte(l.Authority, '@'); at >= 0 {
		user, host := l.Authority[:at], l.Authority[at+1:]
		l.Authority = host
		switch l.Scheme {
		case "abfs", "abfss", "wasb", "wasbs":
			container, _, _ := strings.Cut(user, ":")
			l.Authority = container + "@" + host
		}
	}
	return l, true
}

// Reference returns l as RFC 3986 has it: what a URI cannot have is escaped. It
// returns false if the authority is not valid.
func (l Location) Reference() (string, bool) {
	text := l.Scheme + ":"
	if l.slashes {
		text += "//"
		host := l.Authority[strings.LastIndexByte(l.Authority, '@')+1:]
		if strings.HasPrefix(host, "[") {
			address, port, _ := strings.Cut(host[1:], "]")
			ip, err := netip.ParseAddr(address)
			if err != nil || !ip.Is6() || ip.Zone() != "" {
				return "", false
			}
			// Validators of JSON schemas in Python refuse the short form, "::1".
			text += escape(l.Authority[:len(l.Authority)-len(host)]) + "[" + ip.StringExpanded() + "]" + escape(port)
		} else {
			text += escape(l.Authority)
		}
	}
	rest, fragment, ok := strings.Cut(l.Rest, "#")
	text += escape(rest)
	if ok {
		text += "#" + escape(fragment)
	}
	if _, err := url.Parse(text); err != nil {
		return "", false
	}
	return text, true
}

// escape escapes what a part of a URI cannot have.
func escape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-._~:/?@!$&'()*+,;=", c) >= 0,
			c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte(c)
		default:
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func isHex(c byte) bool { return strings.IndexByte("0123456789abcdefABCDEF", c) >= 0 }
