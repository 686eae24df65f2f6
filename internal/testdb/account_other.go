//go:build !unix

package testdb

import (
	"errors"
	"os"
	"syscall"
)

// quit kills a server, which works on every system.
var quit = os.Kill

// An account is the account of a server process.
type account struct{}

// serverAccount returns an error, because servers are started on Unix only. On other
// systems environment variables must name a server.
func serverAccount(string, string) (*account, error) {
	return nil, errors.New("tests start database servers on Unix only")
}

func runAs(*account) *syscall.SysProcAttr { return nil }
