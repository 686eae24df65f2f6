package testdb

import "syscall"

// endWithParent makes the system stop the server when this process ends.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
