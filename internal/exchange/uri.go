package exchange

import (
	"iter"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Location is a URI in parts.
type Location struct {
	Scheme    string // in lower case
	Authority string // without the name and password of a user
	Rest      string // the path, query and fragment
	slashes   bool   // whether there are two before the authority
}

// ParseURI returns the parts of a URI, or false if it has no scheme. Locations have
// no users and no credentials in parameters, since exports are read by more people
// than the store. In URIs of Azure's storage the user is a container, which is kept. A
// scheme of one letter is the drive of a file.
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
	if !l.slashes {
		l.Rest = withoutUser(l.Rest)
	}
	l.Rest = withoutCredentials(l.Rest)
	return l, true
}

// WithoutSecrets returns a text like a URI without users and credentials, see
// [ParseURI].
func WithoutSecrets(uri string) string { return withoutCredentials(withoutUser(uri)) }

// withoutUser removes the user of a text like a URI, or of the URI within one of JDBC.
func withoutUser(s string) string {
	before, rest, ok := strings.Cut(s, "//")
	if !ok {
		return s
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return before + "//" + rest[strings.LastIndexByte(rest[:end], '@')+1:]
}

// withoutCredentials removes the parameters of a path, query and fragment that hold a
// credential, or that sign the rest.
func withoutCredentials(s string) string {
	azure := false // has parameters of a shared access signature
	for name := range parameters(s) {
		azure = azure || name == "sig"
	}
	var b strings.Builder
	open := byte(0) // the mark of a query or fragment whose parameters were removed so far
	first := strings.IndexAny(s, "?#;&")
	if first < 0 {
		first = len(s)
	}
	// What has no path, such as a connection string, may begin with a parameter.
	name, ok := parameterName(s[:first])
	if ok = ok && s[0] != '/' && isCredential(name); !ok {
		b.WriteString(s[:first])
	}
	for rest := s[first:]; rest != ""; {
		mark := rest[0]
		end := strings.IndexAny(rest[1:], "?#;&") + 1
		if end == 0 {
			end = len(rest)
		}
		part := rest[1:end]
		rest = rest[end:]
		name, ok := parameterName(part)
		if ok && (isCredential(name) || azure && slices.Contains(azureParameters, name)) {
			if mark == '?' || mark == '#' {
				open = mark
			}
			continue
		}
		if (mark == '&' || mark == ';') && open != 0 {
			mark = open
		}
		open = 0
		b.WriteByte(mark)
		b.WriteString(part)
	}
	return b.String()
}

// parameters yields the names of the parameters in a path, query and fragment.
func parameters(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("?#;&", r) }) {
			if i == 0 && part[0] == '/' { // a path
				continue
			}
			if name, ok := parameterName(part); ok && !yield(name) {
				return
			}
		}
	}
}

// parameterName returns the letters and digits of a parameter's name, in lower case.
func parameterName(part string) (string, bool) {
	name, _, ok := strings.Cut(part, "=")
	if !ok {
		return "", false
	}
	if plain, err := url.QueryUnescape(name); err == nil {
		name = plain
	}
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name), true
}

var (
	// credentials are names of parameters, and what longer names contain.
	credentials = []string{
		"auth", "authorization", "code", "expires", "key", "pass", "policy", "pw", "sas", "sig", "uid", "user", "username",
	}
	inCredential = []string{
		"accessid", "accesskey", "apikey", "authkey", "bearer", "cookie", "credential", "jwt", "keypair", "oauth", "passcode",
		"passphrase", "passw", "privatekey", "pwd", "secret", "session", "signature", "token",
	}
	// signers begin the names of all parameters with which a store signs a URL.
	signers = []string{"xamz", "xgoog", "xoss", "qsign", "qak"}

	azureParameters = []string{
		"sv", "ss", "srt", "sp", "se", "st", "spr", "sr", "sip", "si", "sdd", "skoid", "sktid", "skt", "ske", "sks", "skv",
		"saoid", "suoid", "scid",
	}
)

func isCredential(name string) bool {
	return slices.Contains(credentials, name) ||
		slices.ContainsFunc(inCredential, func(s string) bool { return strings.Contains(name, s) }) ||
		slices.ContainsFunc(signers, func(s string) bool { return strings.HasPrefix(name, s) })
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
