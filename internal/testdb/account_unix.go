//go:build unix

package testdb

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// quit ends PostgreSQL without a checkpoint; MariaDB ignores it and is killed.
const quit = syscall.SIGQUIT

// An account is whom a server runs as.
type account struct{ uid, gid int }

// serverAccount is the account that a server runs under, since PostgreSQL
// refuses root, and gives folder to it. It is nil, for the present account,
// where this process is not root.
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

// runAs starts a process as a, in a group of its own, so that a terminal's
// interrupt does not end it before the tests have.
func runAs(a *account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	endWithParent(attr)
	if a != nil {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}
