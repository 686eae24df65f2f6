//go:build unix

package main

import (
	"os"
	"syscall"
)

// reloadSignal asks the server to read its files again.
var reloadSignal os.Signal = syscall.SIGHUP
