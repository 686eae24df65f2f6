package registry

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"unicode"

	"google.golang.org/grpc/resolver"
)

const targetForms = `want HOST:PORT, as in "mlmd.example:8080", "[::1]:8080", or unix:/PATH`

// checkTarget returns what is wrong with the target of Dial. gRPC takes nearly
// any text, and fails at the first call, or goes to port 443. more reports that
// the caller may have brought a resolver of its own.
func checkTarget(target string, more bool) error {
	if target == "" {
		return errors.New("the target is missing: " + targetForms)
	}
	if trimmed := strings.TrimSpace(target); trimmed != target {
		return fmt.Errorf("the target has blanks around it: want %q", trimmed)
	}
	if strings.ContainsFunc(target, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return errors.New("the target has a blank in it: " + targetForms)
	}
	scheme, rest, ok := strings.Cut(target, ":")
	if !ok {
		return missingPortError(target)
	}
	switch scheme = strings.ToLower(scheme); {
	case scheme == "unix":
		return checkSocket(rest)
	case resolver.Get(scheme) != nil:
		return checkEndpoint(scheme, rest)
	case !strings.HasPrefix(rest, "//"):
		return checkHostPort(target)
	case more:
		return nil // a resolver that only this connection has
	}
	return schemeError(scheme, strings.TrimPrefix(rest, "//"))
}

// schemeError returns the error for a URL, with the target that is meant.
func schemeError(scheme, rest string) error {
	host, _, _ := strings.Cut(rest, "/")
	meant := fmt.Sprintf("want %q", host)
	if err := checkHostPort(host); err != nil {
		meant = targetForms
	}
	switch scheme {
	case "http", "grpc", "tcp", "h2c":
		return fmt.Errorf("the target is a URL: %s", meant)
	case "https", "grpcs", "grpc+tls", "h2":
		return fmt.Errorf("the target is a URL: %s, and registry.WithTLS(nil) for TLS", meant)
	}
	return fmt.Errorf("gRPC has no resolver for %s://: %s", scheme, meant)
}

// checkEndpoint checks what follows a scheme that gRPC knows. A DNS name needs
// a port, since gRPC's default is 443; other schemes have rules of their own.
func checkEndpoint(scheme, rest string) error {
	if scheme != "dns" {
		return nil
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok { // an authority: which DNS server to ask
		_, name, ok := strings.Cut(after, "/")
		if !ok {
			return fmt.Errorf("a slash is missing: want dns:///%s", after)
		}
		rest = name
	}
	if err := checkHostPort(rest); err != nil {
		return fmt.Errorf("after dns: %w", err)
	}
	return nil
}

// checkSocket checks what follows unix:.
func checkSocket(rest string) error {
	after, ok := strings.CutPrefix(rest, "//")
	switch {
	case ok && !strings.HasPrefix(after, "/"):
		return fmt.Errorf("after unix:// the path must be absolute: want unix:%s, or unix:///ABSOLUTE/PATH", after)
	case path.Clean("/"+rest) == "/":
		return errors.New("the path of the socket is missing: want unix:/PATH")
	}
	return nil
}

func checkHostPort(s string) error {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is6() {
		return fmt.Errorf("an IPv6 address needs brackets, and a port is missing: want %q", "["+s+"]:8080")
	}
	if strings.Contains(s, "/") {
		return errors.New("the target has a path: " + targetForms)
	}
	host, port, err := net.SplitHostPort(s)
	switch {
	case err != nil && strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]"), err != nil && !strings.Contains(s, ":"):
		return missingPortError(s)
	case err != nil:
		return fmt.Errorf("the target cannot be read (%w): %s", err, targetForms)
	case host == "":
		return fmt.Errorf("the host is missing: want %q for this machine", "localhost:"+port)
	case port == "":
		return missingPortError(strings.TrimSuffix(s, ":"))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("the port is %q: want a number from 1 to 65535", port)
	}
	return nil
}

func missingPortError(host string) error {
	return fmt.Errorf("the port is missing: want %q, or the port that the server has", host+":8080")
}
