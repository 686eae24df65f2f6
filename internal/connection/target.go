package connection

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

const targetForms = `use HOST:PORT, as in "mlmd.example:8080", "[::1]:8080", or unix:/PATH`

// CheckTarget returns an error if target is not valid. gRPC itself
// accepts nearly any text, and then fails at the first call or connects to port
// 443. custom reports that the caller may have added a resolver.
func CheckTarget(target string, custom bool) error {
	if strings.TrimSpace(target) == "" {
		return errors.New("missing target: " + targetForms)
	}
	if trimmed := strings.TrimSpace(target); trimmed != target {
		return fmt.Errorf("target has surrounding white space: use %q", trimmed)
	}
	if strings.ContainsFunc(target, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return errors.New("target contains white space or control characters: " + targetForms)
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
	case custom:
		return nil
	}
	return schemeError(scheme, strings.TrimPrefix(rest, "//"))
}

// schemeError returns the error for a URL. It names the target that is meant.
func schemeError(scheme, rest string) error {
	host, _, _ := strings.Cut(rest, "/")
	meant := fmt.Sprintf("use %q", host)
	if err := checkHostPort(host); err != nil {
		meant = targetForms
	}
	switch scheme {
	case "http", "grpc", "tcp", "h2c":
		return fmt.Errorf("target is a URL: %s", meant)
	case "https", "grpcs", "grpc+tls", "h2":
		return fmt.Errorf("target is a URL: %s, and registry.WithTLS(nil) for TLS", meant)
	}
	return fmt.Errorf("gRPC has no resolver for %s://: %s", scheme, meant)
}

// checkEndpoint checks what follows a scheme that gRPC has a resolver for. A DNS
// name needs a port, because gRPC's default is 443. Other schemes have rules of
// their own.
func checkEndpoint(scheme, rest string) error {
	if scheme != "dns" {
		return nil
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok { // the authority is the DNS server
		_, name, ok := strings.Cut(after, "/")
		if !ok {
			return fmt.Errorf("missing slash: use dns:///%s", after)
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
	case ok && after != "" && !strings.HasPrefix(after, "/"):
		return fmt.Errorf("relative path after unix://: use unix:%s, or unix:///ABSOLUTE/PATH", after)
	case path.Clean("/"+rest) == "/":
		return errors.New("missing socket path: use unix:/PATH")
	}
	return nil
}

func checkHostPort(s string) error {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is6() {
		return fmt.Errorf("IPv6 address without brackets and port: use %q", "["+s+"]:8080")
	}
	if strings.Contains(s, "/") {
		return errors.New("target has a path: " + targetForms)
	}
	host, port, err := net.SplitHostPort(s)
	switch {
	case err != nil && strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]"), err != nil && !strings.Contains(s, ":"):
		return missingPortError(s)
	case err != nil:
		return fmt.Errorf("malformed target (%w): %s", err, targetForms)
	case host == "":
		return fmt.Errorf("missing host: use %q for this machine", "localhost:"+port)
	case port == "":
		return missingPortError(strings.TrimSuffix(s, ":"))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("invalid port %q: must be a number from 1 to 65535", port)
	}
	return nil
}

func missingPortError(host string) error {
	return fmt.Errorf("missing port: use %q, or the port of the server", host+":8080")
}
