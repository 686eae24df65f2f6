package testdb

import "syscall"

// endWithParent ends the server when this process ends, however that happens.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
