package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/mlmd-go/sdk/pkg/auth"
)

// tokenCommand adds a user with a new token to the file of users, and prints the
// token.
func tokenCommand(args []string, stdout io.Writer) error {
	set := pflag.NewFlagSet("mlmd-server token", pflag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.SortFlags = false
	file := set.String("auth_file", "", "file of users, to which a line is appended; it is created if it does not exist")
	name := set.String("name", "", "name of the user, for logs")
	roleName := set.String("role", "", "read, write or admin (types and migrations)")
	valid := set.Duration("valid", 0, "time after which the token expires, such as 720h; 0 for never")
	if err := set.Parse(args); err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			_, err = fmt.Fprintf(stdout, tokenHelp, set.FlagUsagesWrapped(110))
			return err
		}
		return wrongFlag(err)
	}
	role, err := auth.ParseRole(*roleName)
	switch {
	case set.NArg() > 0:
		return usagef("token: unexpected argument that is not a flag")
	case *file == "" || *name == "":
		return usagef("token: --auth_file, --name and --role are required")
	case err != nil:
		return usagef("--role: %w", err)
	case strings.ContainsAny(*name, " \t\r\n") || strings.HasPrefix(*name, "#"):
		return usagef("invalid --name: must not contain spaces or begin with #")
	case *valid < 0:
		return usagef("--valid is negative: must be 0, for a token that does not expire, or more")
	}
	token, hash := auth.NewToken()
	line := *name + " " + role.String() + " " + hash
	if *valid > 0 {
		line += " " + time.Now().Add(*valid).UTC().Format(time.RFC3339)
	}
	if err := appendLine(*file, line); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, token)
	return err
}

const tokenHelp = `mlmd-server token makes a token, appends the user with the hash of the token to the
file of users, and prints the token, which is stored nowhere. A running server
reads the changed file within seconds.

  mlmd-server token --auth_file users --name ci --role write --valid 720h

The lines of the file are NAME ROLE sha256:HASH [EXPIRES], or for the owner of a
client certificate NAME ROLE CN:VALUE, DNS:VALUE, EMAIL:VALUE or URI:VALUE. To
revoke a token, delete its line.

%s`

// appendLine appends a line to a file, which it creates for its owner only.
func appendLine(name, line string) (err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if at, err := f.Stat(); err != nil {
		return err
	} else if at.Size() > 0 {
		var last [1]byte
		if _, err := f.ReadAt(last[:], at.Size()-1); err != nil {
			return err
		}
		if last[0] != '\n' {
			line = "\n" + line
		}
	}
	_, err = io.WriteString(f, line+"\n")
	return err
}
