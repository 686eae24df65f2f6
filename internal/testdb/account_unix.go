//go:build unix

package testdb

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// quit stops PostgreSQL without a checkpoint. MariaDB ignores it and is killed.
const quit = syscall.SIGQUIT

// An account is the account of a server process.
type account struct{ uid, gid int }

// serverAccount returns the account for servers, because PostgreSQL does not run as
// root, and makes it the owner of folder. If this process is not root, it returns nil,
// which stands for the current account.
func serverAccount(name, folder string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	var a account
	if a.uid, err = strconv.Atoi(u.Uid); err != nil {
		return nil, err
	}
	if a.gid, err = strconv.Atoi(u.Gid); err != nil {
		return nil, err
	}
	return &a, os.Chown(folder, a.uid, a.gid)
}

// runAs starts a process with account a in a separate process group, so that an
// interrupt from the terminal does not stop it before the tests.
func runAs(a *account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	endWithParent(attr)
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}
