//go:build unix && !linux

package testdb

import "syscall"

// endWithParent does nothing on this system: call [Stop].
func endWithParent(*syscall.SysProcAttr) {}
