package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// Flags that the command line does not set are taken from the environment, and
// then from the file that --config names.

// envPrefix begins the names of environment variables: MLMD_GRPC_PORT is
// --grpc_port.
const envPrefix = "MLMD_"

// onCommandLine are the flags that only the command line sets.
var onCommandLine = []string{"help", "version"}

// alternatives are flags of which a source with precedence hides the others: --db
// on the command line replaces db_file in the file.
var alternatives = [][]string{{"db", "db_file"}}

// origins say where values come from, by flag. Flags with their default are not in
// it.
type origins map[string]string

// fromSources sets the flags that the command line does not set.
func fromSources(all *pflag.FlagSet, getenv func(string) string, read readFile) (origins, error) {
	from := origins{}
	all.Visit(func(f *pflag.Flag) { from[f.Name] = "flag" })
	env := map[string]string{}
	all.VisitAll(func(f *pflag.Flag) {
		value := getenv(envPrefix + strings.ToUpper(f.Name))
		// Kubernetes sets such variables for a service with the name mlmd-grpc.
		if value != "" && !(strings.HasSuffix(f.Name, "_port") && strings.Contains(value, "://")) {
			env[f.Name] = value
		}
	})
	set := func(values map[string]string, origin func(name string) string) error {
		given := maps.Clone(from) // by sources with precedence
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if given[name] != "" || hidden(given, name) || slices.Contains(onCommandLine, name) {
				continue
			}
			if err := all.Set(name, values[name]); err != nil { // whose text quotes the value, which may be a password
				return usagef("%s: invalid value of %s: must be of type %s", origin(name), name, all.Lookup(name).Value.Type())
			}
			from[name] = origin(name)
		}
		return nil
	}
	if err := set(env, func(name string) string { return envPrefix + strings.ToUpper(name) }); err != nil {
		return from, err
	}
	file := all.Lookup("config").Value.String()
	if file == "" {
		return from, nil
	}
	values, err := readSettings(file, all, read)
	if err != nil {
		return from, err
	}
	return from, set(values, func(string) string { return file })
}

// hidden reports whether a source with precedence gives an alternative of the flag.
func hidden(given origins, name string) bool {
	for _, group := range alternatives {
		if slices.Contains(group, name) && slices.ContainsFunc(group, func(other string) bool { return given[other] != "" }) {
			return true
		}
	}
	return false
}

// readSettings reads a file with the values of flags, by their names. Errors quote
// no values.
func readSettings(file string, all *pflag.FlagSet, read readFile) (map[string]string, error) {
	text, err := read(file)
	if err != nil {
		return nil, unreadable("--config", file, err)
	}
	var nodes map[string]yaml.Node
	if err := yaml.Unmarshal(text, &nodes); err != nil {
		return nil, usagef("--config: %s must be YAML of the form NAME: VALUE, with the names of flags", file)
	}
	values := map[string]string{}
	for name, node := range nodes {
		flag := all.Lookup(name)
		switch {
		case flag == nil || name == "config" || slices.Contains(onCommandLine, name):
			return nil, usagef("--config: %s:%d: unknown setting %s", file, node.Line, flagName.FindString(name))
		case node.Kind == yaml.ScalarNode:
			values[name] = node.Value
		case node.Kind == yaml.SequenceNode && flag.Value.Type() == "stringSlice":
			var list []string
			if err := node.Decode(&list); err != nil {
				return nil, usagef("--config: %s:%d: %s must be a list of texts", file, node.Line, name)
			}
			values[name] = strings.Join(list, ",")
		default:
			return nil, usagef("--config: %s:%d: %s must have one value", file, node.Line, name)
		}
	}
	return values, nil
}

// secret are the flags whose values printSettings hides. That of --db is printed
// without its password.
var secret = []string{"mysql_config_password", "postgres_config_password", "postgres_config_sslpassword"}

// printSettings prints the values of all flags and where they come from, as YAML
// that --config takes, except for secrets.
func (f *flags) printSettings(w io.Writer) error {
	if _, err := f.plan(os.ReadFile); err != nil { // what is printed would not start
		return err
	}
	for _, g := range f.groups {
		if _, err := fmt.Fprintf(w, "# %s\n", g.title); err != nil {
			return err
		}
		var failed error
		g.set.VisitAll(func(flag *pflag.Flag) {
			if slices.Contains(onCommandLine, flag.Name) || failed != nil {
				return
			}
			failed = f.printSetting(w, flag)
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

func (f *flags) printSetting(w io.Writer, flag *pflag.Flag) error {
	var value any = flag.Value.String()
	switch v := flag.Value.(type) {
	case pflag.SliceValue:
		value = v.GetSlice()
	default:
		if kind := v.Type(); kind == "bool" || strings.HasPrefix(kind, "int") {
			value = yamlScalar(v.String())
		}
	}
	origin := f.origins[flag.Name]
	switch {
	case origin == "":
		origin = "default"
	case slices.Contains(secret, flag.Name):
		value = "(hidden)"
	case flag.Name == "db":
		if db, err := fromText("--db", f.db); err == nil {
			value = db.String()
		} else {
			value = "(hidden)"
		}
	}
	text, err := yaml.Marshal(map[string]any{flag.Name: value})
	if err != nil {
		return err
	}
	line, rest, _ := strings.Cut(string(text), "\n")
	_, err = fmt.Fprintf(w, "%s # %s\n%s", line, origin, rest)
	return err
}

// yamlScalar returns a number or a boolean as YAML writes it.
func yamlScalar(text string) any {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return text
	}
	return v
}
