//go:build unix && !linux

package testdb

import "syscall"

// endWithParent does nothing here: [Stop] has to be called.
func endWithParent(*syscall.SysProcAttr) {}
