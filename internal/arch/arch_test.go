// Package arch checks who imports whom. It parses the files itself, since the
// test cache does not see what a child process such as go list has read.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/mlmd-go/sdk"

// A rule lists what a package must not import, directly or through other
// packages of this module.
type rule struct {
	pkg string
	// never lists import paths, separated by spaces. Paths of this module are
	// relative to it. A trailing /... includes the packages below.
	never string
	why   string
}

const (
	sqlite   = "modernc.org/sqlite/... zombiezen.com/go/sqlite/... internal/sqlitedriver"
	postgres = "github.com/jackc/pgx/v5/..."
	mysql    = "github.com/go-sql-driver/mysql/..."
	drivers  = sqlite + " " + postgres + " " + mysql
	protobuf = "google.golang.org/..."
)

var rules = []rule{
	{"generated/mlmdpb", module + "/...", "the wire contract stands alone"},
	{"generated/model", protobuf + " pkg/mlmd pkg/registry", "models are plain Go"},
	{"generated/field", "generated/mlmdpb pkg/registry", "symbols are plain Go"},
	{"generated/mapping", "pkg/registry pkg/store/... gen/...", "mappings do not depend on verbs"},
	{"pkg/value", module + "/... database/sql " + protobuf, "values are plain Go"},
	{"pkg/filter", "generated/... database/sql " + protobuf, "conditions are plain Go"},
	{"generated/edge", "pkg/registry pkg/store/... gen/...", "edges do not depend on verbs"},
	{
		"pkg/relation", "generated/model generated/mapping pkg/registry database/sql",
		"edges depend on neither verbs nor a spec",
	},
	{"pkg/mlmd", "pkg/mlmd/gensupport pkg/registry database/sql", "mappings depend on neither verbs nor SQL"},
	{
		"pkg/mlmd/gensupport", "pkg/filter pkg/registry/... internal/... database/sql",
		"generated code needs only mlmd, value and mlmdpb",
	},
	{
		"pkg/mlmd/convert", "pkg/filter pkg/registry/... internal/... database/sql",
		"conversions need only mappings and their values",
	},
	{
		"pkg/mlmd/fakesupport", "generated/... pkg/registry/... pkg/store/... database/sql " + protobuf,
		"fakes are plain values",
	},
	{"generated/fake", "generated/mapping pkg/registry/... pkg/store/... " + protobuf, "fakes are plain values"},
	{"internal/matching", module + "/... " + protobuf, "making texts needs only the standard library"},
	{"pkg/mlmd/resttable", module + "/... " + protobuf, "tables are plain data"},
	{
		"pkg/registry", "pkg/lineage/... pkg/store/... pkg/server/... internal/engine/... gen/... database/sql " + drivers,
		"the SDK does not depend on SQL",
	},
	{
		"pkg/lineage", "pkg/store/... pkg/server/... internal/engine/... gen/... database/sql " + drivers,
		"graphs are read through any service",
	},
	{
		"pkg/lineage/openlineage", "pkg/store/... pkg/server/... internal/engine/... gen/... database/sql " + drivers,
		"graphs are exported without a store",
	},
	{
		"pkg/lineage/cyclonedx", "pkg/store/... pkg/server/... internal/engine/... gen/... database/sql " + drivers,
		"graphs are exported without a store",
	},
	{
		"pkg/registry/registrytest", "pkg/server/... gen/... " + postgres + " " + mysql,
		"a test needs neither a server nor a database",
	},
	{
		"internal/engine", "generated/model generated/mapping pkg/registry " + drivers,
		"the engine does not depend on a spec or a driver",
	},
	{
		"internal/sqldb",
		"generated/... pkg/... internal/engine/... internal/schema/... internal/filterquery/... internal/typekind " +
			protobuf + " " + drivers,
		"connections and statements depend on neither MLMD nor gRPC",
	},
	{
		"internal/schema",
		"generated/... pkg/... internal/engine/... internal/sqldb/... internal/filterquery/... " +
			protobuf + " " + drivers,
		"tables depend on neither RPCs nor gRPC",
	},
	{"internal/filterquery", "internal/engine/... database/sql " + drivers, "the language does not depend on a database"},
	{
		"internal/filtertext", "generated/... pkg/... internal/... database/sql " + protobuf,
		"printing conditions needs only the standard library",
	},
	{
		"internal/connection", "pkg/... internal/engine/... database/sql " + drivers,
		"a connection depends on neither verbs nor stores",
	},
	{
		"internal/restclient", "pkg/registry pkg/rest/... pkg/store/... generated/model generated/mapping " +
			"generated/restapi internal/engine/... database/sql " + drivers,
		"the client depends on neither verbs nor a server, and knows mappings by what it is given",
	},
	{"internal/restext", module + "/... " + protobuf, "client and server share two headers"},
	{"internal/storeconfig", "pkg/... " + drivers, "options depend on neither the public packages nor drivers"},
	{"pkg/store", "pkg/registry " + drivers, "drivers stay behind their packages"},
	{
		"pkg/store/sqlite", "pkg/registry pkg/store/postgres pkg/store/mysql " + postgres + " " + mysql,
		"each store has one driver",
	},
	{
		"pkg/store/postgres", "pkg/registry pkg/store/sqlite pkg/store/mysql " + sqlite + " " + mysql,
		"each store has one driver",
	},
	{
		"pkg/store/mysql", "pkg/registry pkg/store/sqlite pkg/store/postgres " + sqlite + " " + postgres,
		"each store has one driver",
	},
	{
		"pkg/auth", "generated/... internal/... pkg/registry pkg/store/... pkg/server/... pkg/rest/... " + drivers,
		"the admission of clients depends on no service",
	},
	{"pkg/server", "pkg/registry internal/engine/... " + drivers, "a server serves any service"},
	{
		"pkg/rest",
		"generated/field generated/restapi pkg/store/... pkg/server/... gen/... internal/engine/... database/sql " + drivers,
		"one handler serves any entities of any store",
	},
	{"internal/restfilter", module + "/...", "the language needs only the standard library"},
	{"cmd/mlmd-server", "pkg/registry/registrytest gen/...", "the server needs the registry for its REST API only"},
	{"gen", "generated/... pkg/registry pkg/store/...", "the generator must build before what it generates"},
}

// paths returns the import paths of r.never.
func (r rule) paths() []string {
	paths := strings.Fields(r.never)
	for i, p := range paths {
		if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") && first != "database" {
			paths[i] = module + "/" + p
		}
	}
	return paths
}

func TestPackages_ImportRules(t *testing.T) {
	imports := readImports(t)
	for _, r := range rules {
		if _, ok := imports[module+"/"+r.pkg]; !ok {
			t.Errorf("there is no package %s: mend the rule", r.pkg)
			continue
		}
		for _, p := range slices.Sorted(maps.Keys(reach(imports, module+"/"+r.pkg))) {
			for _, bad := range r.paths() {
				if p != module+"/"+r.pkg && matches(p, bad) {
					t.Errorf("%s reaches %s: %s", r.pkg, strings.TrimPrefix(p, module+"/"), r.why)
				}
			}
		}
	}
}

// TestOpenTelemetry_OnlyWhereAskedFor checks that a program links OpenTelemetry
// only if it imports pkg/telemetry, as the server does, and its exporters only if
// it imports pkg/telemetry/export.
func TestOpenTelemetry_OnlyWhereAskedFor(t *testing.T) {
	const telemetry, export = module + "/pkg/telemetry", module + "/pkg/telemetry/export"
	imports := readImports(t)
	for from := range imports {
		reached := reach(imports, from)
		for to := range reached {
			switch {
			case !matches(to, "go.opentelemetry.io/..."), matches(from, telemetry+"/..."):
			case !reached[telemetry], strings.Contains(to, "export") && !reached[export]:
				t.Errorf("%s reaches %s", strings.TrimPrefix(from, module+"/"), to)
			}
		}
		if reached[telemetry] && from != export && from != module+"/cmd/mlmd-server" {
			t.Errorf("%s reaches pkg/telemetry", strings.TrimPrefix(from, module+"/"))
		}
	}
	for to := range reach(imports, telemetry) {
		if matches(to, "go.opentelemetry.io/otel/sdk/...") || matches(to, "go.opentelemetry.io/contrib/exporters/...") {
			t.Errorf("pkg/telemetry reaches %s: programs with providers of their own do not need it", to)
		}
	}
}

// TestGraphviz_OnlyWhereAskedFor checks that a program links Graphviz only if it
// imports pkg/lineage/svg.
func TestGraphviz_OnlyWhereAskedFor(t *testing.T) {
	const svg = module + "/pkg/lineage/svg"
	imports := readImports(t)
	if !reach(imports, svg)["github.com/goccy/go-graphviz"] {
		t.Error("pkg/lineage/svg does not reach Graphviz: mend this test")
	}
	for from := range imports {
		reached := reach(imports, from)
		if from != svg && (reached[svg] || reached["github.com/goccy/go-graphviz"]) {
			t.Errorf("%s reaches Graphviz", strings.TrimPrefix(from, module+"/"))
		}
	}
}

// TestCycloneDX_OnlyWhereAskedFor checks that a program links CycloneDX's library only
// if it imports pkg/lineage/cyclonedx.
func TestCycloneDX_OnlyWhereAskedFor(t *testing.T) {
	const bills, library = module + "/pkg/lineage/cyclonedx", "github.com/CycloneDX/cyclonedx-go"
	imports := readImports(t)
	if !reach(imports, bills)[library] {
		t.Error("pkg/lineage/cyclonedx does not reach CycloneDX's library: mend this test")
	}
	for from := range imports {
		reached := reach(imports, from)
		if from != bills && (reached[bills] || reached[library]) {
			t.Errorf("%s reaches CycloneDX's library", strings.TrimPrefix(from, module+"/"))
		}
	}
}

func TestOracle_OnlyInTests(t *testing.T) {
	const oracle = module + "/internal/filterquery/oracle"
	imports := readImports(t)
	for from := range imports {
		if reach(imports, from)[oracle] {
			t.Errorf("%s reaches %s", from, oracle)
		}
	}
}

func TestGenerator_NotImported(t *testing.T) {
	imports := readImports(t)
	for from := range imports {
		if strings.HasPrefix(from, module+"/gen") || strings.HasPrefix(from, module+"/suites") {
			continue
		}
		for to := range reach(imports, from) {
			if matches(to, module+"/gen/...") {
				t.Errorf("%s reaches %s", from, to)
			}
		}
	}
}

// maxFiles is how many files of one package a reader can keep apart.
const maxFiles = 40

func TestPackages_FileCount(t *testing.T) {
	files := map[string]int{}
	walkFiles(t, func(pkg, file string) {
		if !strings.HasSuffix(file, ".gen.go") {
			files[pkg]++
		}
	})
	for pkg, n := range files {
		if n > maxFiles {
			t.Errorf("%s has %d files, want at most %d: split it", strings.TrimPrefix(pkg, module+"/"), n, maxFiles)
		}
	}
}

// databaseNames are the words by which identifiers and texts refer to a database
// system.
var databaseNames = []string{"sqlite", "postgres", "mysql", "mariadb"}

// TestDatabaseNames_OnlyInOwnFiles checks that the packages below know the
// database systems only in the files that are named after them, so that another
// one can be added without changing the rest.
func TestDatabaseNames_OnlyInOwnFiles(t *testing.T) {
	packages := []string{"internal/engine", "internal/sqldb", "internal/schema", "internal/filterquery"}
	walkFiles(t, func(pkg, file string) {
		own := slices.Contains(databaseNames, strings.TrimSuffix(filepath.Base(file), ".go"))
		if own || !slices.Contains(packages, strings.TrimPrefix(pkg, module+"/")) {
			return
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			text := ""
			switch n := n.(type) {
			case *ast.Ident:
				text = n.Name
			case *ast.BasicLit:
				text = n.Value
			}
			for _, name := range databaseNames {
				if strings.Contains(strings.ToLower(text), name) {
					t.Errorf("%s: %s: move it to the file of %s", fset.Position(n.Pos()), text, name)
				}
			}
			return true
		})
	})
}

func matches(p, pattern string) bool {
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return p == base || strings.HasPrefix(p, base+"/")
	}
	return p == pattern
}

// reach returns every package that from imports, followed through the packages
// of this module.
func reach(imports map[string][]string, from string) map[string]bool {
	seen := map[string]bool{}
	var walk func(string)
	walk = func(p string) {
		for _, q := range imports[p] {
			if !seen[q] {
				seen[q] = true
				walk(q)
			}
		}
	}
	walk(from)
	return seen
}

// readImports returns the imports of each package of this module, tests left
// out.
func readImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	walkFiles(t, func(pkg, file string) {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(f.Comments, func(c *ast.CommentGroup) bool { return c.List[0].Text == "//go:build stores" }) {
			return // the generator builds without it
		}
		imports[pkg] = append(imports[pkg], []string{}...)
		for _, s := range f.Imports {
			p, err := strconv.Unquote(s.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			imports[pkg] = append(imports[pkg], p)
		}
	})
	return imports
}

// walkFiles calls use for each file of each package of this module that is not a
// test.
func walkFiles(t *testing.T, use func(pkg, file string)) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, file, d.Name())
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || filepath.Base(file) == "tools.go" {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		use(path.Join(module, filepath.ToSlash(rel)), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// skipDir skips test data, hidden folders, and modules other than this one and
// the generator's.
func skipDir(root, dir, name string) error {
	if dir == root || dir == filepath.Join(root, "gen") {
		return nil
	}
	if name == "testdata" || strings.HasPrefix(name, ".") {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}
