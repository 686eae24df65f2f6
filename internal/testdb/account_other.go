//go:build !unix

package testdb

import (
	"errors"
	"os"
	"syscall"
)

// quit is what every system can do.
var quit = os.Kill

// An account is whom a server runs as.
type account struct{}

// serverAccount says that servers are started on Unix only. Elsewhere the
// variables of the environment name one.
func serverAccount(string, string) (*account, error) {
	return nil, errors.New("tests start database servers on Unix only")
}

func runAs(*account) *syscall.SysProcAttr { return nil }
