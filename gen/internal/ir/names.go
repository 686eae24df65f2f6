package ir

import (
	"regexp"
	"strings"
	"unicode"
)

// initialisms are written in capitals in Go names.
var initialisms = map[string]bool{
	"ACL": true, "API": true, "ASCII": true, "CPU": true, "CSS": true, "CSV": true, "DB": true, "DNS": true,
	"EOF": true, "GPU": true,
	"GUID": true, "HTML": true, "HTTP": true, "HTTPS": true, "ID": true, "IP": true, "JSON": true, "QPS": true,
	"RAM": true, "RPC": true,
	"SHA": true, "SLA": true, "SQL": true, "SSH": true, "TCP": true, "TLS": true, "TTL": true, "UDP": true,
	"UI": true, "UID": true,
	"URI": true, "URL": true, "UTF8": true, "UUID": true, "VM": true, "XML": true, "YAML": true,
}

// words splits a name at separators and at case changes: modelSourceID,
// model_source_id and ModelSourceID all become model, source, ID.
func words(name string) []string {
	var out []string
	r := []rune(name)
	start := 0
	cut := func(to int) {
		if to > start {
			out = append(out, string(r[start:to]))
		}
	}
	for i := range r {
		switch {
		case !unicode.IsLetter(r[i]) && !unicode.IsDigit(r[i]):
			cut(i)
			start = i + 1
		case i > start && unicode.IsUpper(r[i]) &&
			(!unicode.IsUpper(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1]) && !endsPlural(r, start, i)):
			cut(i)
			start = i
		}
	}
	cut(len(r))
	return out
}

// endsPlural reports whether the letters of r from start to i form an
// initialism that is followed by a plural s, such as the D of modelIDs.
func endsPlural(r []rune, start, i int) bool {
	return r[i+1] == 's' && (i+2 == len(r) || !unicode.IsLower(r[i+2])) &&
		initialisms[strings.ToUpper(string(r[start:i+1]))]
}

// initialism returns the Go spelling of an initialism or its plural, such as
// ID or IDs.
func initialism(word string) (string, bool) {
	up := strings.ToUpper(word)
	if initialisms[up] {
		return up, true
	}
	if one, ok := strings.CutSuffix(word, "s"); ok && initialisms[strings.ToUpper(one)] {
		return strings.ToUpper(one) + "s", true
	}
	return "", false
}

// GoName returns the exported Go name for a name in a spec: registeredModelId
// becomes RegisteredModelID.
func GoName(name string) string {
	var b strings.Builder
	for _, w := range words(name) {
		if short, ok := initialism(w); ok {
			b.WriteString(short)
			continue
		}
		r := []rune(w)
		b.WriteString(string(unicode.ToUpper(r[0])))
		b.WriteString(string(r[1:]))
	}
	return b.String()
}

// constName returns the suffix of the constant of an enum's value:
// MARKED_FOR_DELETION becomes MarkedForDeletion.
func constName(text string) string {
	var b strings.Builder
	for _, w := range words(text) {
		if short, ok := initialism(w); ok {
			b.WriteString(short)
			continue
		}
		r := []rune(w)
		rest := string(r[1:])
		if w == strings.ToUpper(w) {
			rest = strings.ToLower(rest)
		}
		b.WriteString(string(unicode.ToUpper(r[0])) + rest)
	}
	return b.String()
}

// Snake returns the property key for a name in a spec: modelSourceID becomes
// model_source_id.
func Snake(name string) string { return strings.ToLower(strings.Join(words(name), "_")) }

// Local returns the unexported form of a Go name: URLSource becomes
// urlSource.
func Local(goName string) string {
	ws := words(goName)
	ws[0] = strings.ToLower(ws[0])
	return strings.Join(ws, "")
}

// FileName returns the name of the file for a Go type: ModelVersion becomes
// model_version.gen.go. It avoids names whose last word the go command would
// take for a build constraint, and the names of files for a whole package.
func FileName(goName string) string {
	name := Snake(goName)
	switch name + ".gen.go" {
	case "doc.gen.go", "catalog.gen.go", EnumFile:
		name += "_"
	}
	if last := name[strings.LastIndexByte(name, '_')+1:]; last != name && strings.Contains(platforms, " "+last+" ") {
		name += "_"
	}
	return name + ".gen.go"
}

// EnumFile is the file of the model package with all enums.
const EnumFile = "enums.gen.go"

const platforms = " aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 " +
	"solaris wasip1 windows zos " +
	"386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 " +
	"ppc64le riscv riscv64 " +
	"s390 s390x sparc sparc64 wasm unix test "

var exported = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// jsonName reports whether name can be used in the json tag of a Go field.
// encoding/json ignores tags with other characters, and "-" alone omits the
// field.
func jsonName(name string) bool {
	return name != "" && name != "-" && strings.TrimSpace(name) == name &&
		!strings.ContainsFunc(name, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) &&
				!strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r)
		})
}
