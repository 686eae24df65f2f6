package main

import (
	"strings"

	"github.com/spf13/pflag"
)

// fromGflags rewrites arguments from the syntax of gflags, which
// metadata_store_server uses, into pflag's: -name equals --name, - equals _,
// --noname turns a boolean off, and yes and no are booleans.
func fromGflags(args []string, known *pflag.FlagSet) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...)
		}
		if len(arg) < 2 || arg[0] != '-' {
			out = append(out, arg)
			continue
		}
		name, value, given := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		name = strings.ReplaceAll(name, "-", "_")
		if name == "h" {
			name = "help"
		}
		flag := known.Lookup(name)
		if off := known.Lookup(strings.TrimPrefix(name, "no")); flag == nil && off != nil && isBool(off) && !given {
			flag, name, value, given = off, off.Name, "false", true
		}
		switch {
		case flag != nil && isBool(flag):
			if given {
				value = boolean(value)
			}
		case flag != nil && !given && i+1 < len(args):
			i++
			value, given = args[i], true
		}
		if given {
			out = append(out, "--"+name+"="+value)
		} else {
			out = append(out, "--"+name)
		}
	}
	return out
}

func isBool(f *pflag.Flag) bool { return f.Value.Type() == "bool" }

func boolean(text string) string {
	switch strings.ToLower(text) {
	case "y", "yes":
		return "true"
	case "n", "no":
		return "false"
	}
	return strings.ToLower(text)
}
