package cyclonedx_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/lineage/cyclonedx"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

var config = cyclonedx.Config{Namespace: "mlmd://test"}

func node(kind mlmd.Kind, id, typeName, name string, v any) *lineage.Node {
	n := &lineage.Node{Ref: lineage.Ref{Kind: kind, ID: id}, TypeName: typeName, Name: name, Value: v}
	_, n.Entity, _ = strings.Cut(typeName, ".")
	return n
}

func edge(from, to *lineage.Node, kind lineage.EdgeKind) lineage.Edge {
	return lineage.Edge{From: from.Ref, To: to.Ref, Kind: kind}
}

// trained returns a version, and a graph in which it was trained from a data set that
// was made from another.
func trained() (*lineage.Graph, *model.ModelVersion) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	raw := node(mlmd.Artifact, "1", "system.Dataset", "raw", nil)
	data := node(mlmd.Artifact, "2", "kf.DataSet", "payments", &model.DataSet{Digest: &digest})
	weights := node(mlmd.Artifact, "3", "kf.ModelArtifact", "weights", &model.ModelArtifact{})
	auc := node(mlmd.Artifact, "4", "kf.Metric", "auc", &model.Metric{Value: new(0.5)})
	rate := node(mlmd.Artifact, "5", "kf.Parameter", "rate", &model.Parameter{Value: new("0.1")})
	doc := node(mlmd.Artifact, "6", "kf.DocArtifact", "guide", &model.DocArtifact{})
	base := node(mlmd.Artifact, "7", "kf.ModelArtifact", "base", &model.ModelArtifact{})
	other := node(mlmd.Artifact, "8", "test.Plan", "", nil)
	weights.URI, doc.URI, raw.URI = "s3://me:secret@b/weights 1", "https://example.com/guide", "not a URI"
	split := node(mlmd.Execution, "1", "test.Split", "split", nil)
	train := node(mlmd.Execution, "2", "test.Train", "train", nil)
	unrelated := node(mlmd.Execution, "3", "test.Train", "unrelated", nil)
	v := &model.ModelVersion{ID: "1", Author: new("ann")}
	version := node(mlmd.Context, "1", "kf.ModelVersion", "v1", v)
	registered := node(mlmd.Context, "2", "kf.RegisteredModel", "fraud", &model.RegisteredModel{
		License: new("Apache-2.0"), LicenseLink: new("https://example.com/license"), Tasks: []string{"classification"},
		Description: new("finds fraud"), Provider: new("bank"),
	})
	g := &lineage.Graph{
		Nodes: []*lineage.Node{
			raw, data, weights, auc, rate, doc, base, other, split, train, unrelated, version, registered,
		},
		Edges: []lineage.Edge{
			edge(raw, split, lineage.Input), edge(split, data, lineage.Output), edge(data, train, lineage.Input),
			edge(data, train, lineage.DeclaredInput), edge(base, train, lineage.Input), edge(other, train, lineage.Input),
			edge(train, weights, lineage.Output), edge(weights, train, lineage.Input), // a cycle
			edge(weights, unrelated, lineage.Input), edge(version, registered, lineage.ParentContext),
			edge(weights, version, lineage.Attribution), edge(auc, version, lineage.Attribution),
			edge(rate, version, lineage.Attribution), edge(doc, version, lineage.Attribution),
			edge(train, version, lineage.Association),
		},
	}
	return g, v
}

func encode(tb testing.TB, b *cdx.BOM) string {
	tb.Helper()
	var out bytes.Buffer
	if err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).Encode(b); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

func bill(tb testing.TB, g *lineage.Graph, v *model.ModelVersion) *cdx.BOM {
	tb.Helper()
	b, err := cyclonedx.BOM(g, v, config)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestBOM(t *testing.T) {
	g, v := trained()
	text := encode(t, bill(t, g, v))
	for _, want := range []string{
		`"bom-ref":"context/1","type":"machine-learning-model","authors":[{"name":"ann"}],"publisher":"bank",` +
			`"name":"fraud","version":"v1","description":"finds fraud","licenses":[{"license":{"name":"Apache-2.0",` +
			`"url":"https://example.com/license"}}],` +
			`"externalReferences":[{"url":"https://example.com/guide","type":"documentation"}]`,
		`{"name":"mlmd:parameter:rate","value":"0.1"}`,
		`"components":[{"bom-ref":"artifact/3","type":"file","name":"weights","externalReferences":[` +
			`{"url":"s3://b/weights%201","type":"distribution"}],`,
		`"modelCard":{"modelParameters":{"task":"classification","datasets":[{"ref":"artifact/1"},{"ref":"artifact/2"}]},` +
			`"quantitativeAnalysis":{"performanceMetrics":[{"type":"auc","value":"0.5"}]}}`,
		`"hashes":[{"alg":"SHA-256","content":"0a0a`,
		`{"name":"mlmd:uri","value":"not a URI"}`,
		`"bom-ref":"artifact/7","type":"machine-learning-model","name":"base"`,
		`"bom-ref":"artifact/8","type":"data","name":"artifact/8"`,
		`"dependencies":[{"ref":"context/1","dependsOn":["artifact/3"]},{"ref":"artifact/1"},` +
			`{"ref":"artifact/2","dependsOn":["artifact/1"]},` +
			`{"ref":"artifact/3","dependsOn":["artifact/2","artifact/7","artifact/8"]},` +
			`{"ref":"artifact/7"},{"ref":"artifact/8"}]`,
		`"inputs":[{"resource":{"ref":"artifact/2"}},{"resource":{"ref":"artifact/3"}},{"resource":{"ref":"artifact/7"}},` +
			`{"resource":{"ref":"artifact/8"}}],"outputs":[{"resource":{"ref":"artifact/3"},"type":"artifact"}]`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the bill has no %s", want)
		}
	}
	for _, bad := range []string{"secret", "unrelated", "timestamp", "compositions", `"bom-ref":"artifact/4"`} {
		if strings.Contains(text, bad) {
			t.Errorf("the bill has %s", bad)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestBOM_SerialNumber(t *testing.T) {
	g, v := trained()
	first := bill(t, g, v)
	if again := bill(t, g, v); encode(t, again) != encode(t, first) {
		t.Errorf("%s, then %s", encode(t, first), encode(t, again))
	}
	timed, err := cyclonedx.BOM(g, v, cyclonedx.Config{Namespace: "mlmd://test", Time: time.Unix(1_700_000_000, 0)})
	if err != nil || timed.SerialNumber != first.SerialNumber || timed.Metadata.Timestamp != "2023-11-14T22:13:20.000Z" {
		t.Errorf("with a time: %+v, %v", timed, err)
	}
	g.Nodes[3].Value = &model.Metric{Value: new(0.6)}
	if changed := bill(t, g, v); changed.SerialNumber == first.SerialNumber {
		t.Errorf("another metric, but still %s", changed.SerialNumber)
	}
}

func TestBOM_Cut(t *testing.T) {
	g, v := trained()
	g.Cut = &lineage.Cut{Reasons: []lineage.Reason{lineage.TooManyNodes}}
	if text := encode(t, bill(t, g, v)); !strings.Contains(text, `"aggregate":"incomplete"`) {
		t.Errorf("%s does not say that it is incomplete", text)
	}
}

func TestBOM_Errors(t *testing.T) {
	g, v := trained()
	for want, call := range map[string]func() (*cdx.BOM, error){
		"Config.Namespace": func() (*cdx.BOM, error) { return cyclonedx.BOM(g, v, cyclonedx.Config{}) },
		"Config.Time": func() (*cdx.BOM, error) {
			return cyclonedx.BOM(g, v, cyclonedx.Config{Namespace: "x", Time: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)})
		},
		"context/9": func() (*cdx.BOM, error) { return cyclonedx.BOM(g, &model.ModelVersion{ID: "9"}, config) },
		"context/":  func() (*cdx.BOM, error) { return cyclonedx.BOM(&lineage.Graph{}, &model.ModelVersion{}, config) },
	} {
		if b, err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v, %v, want an error about %s", b, err, want)
		}
	}
}

// FuzzBOM checks that any graph makes a bill that the library reads back as it is,
// and whose references lead somewhere.
func FuzzBOM(f *testing.F) {
	f.Add("kf.DataSet", "payments", "s3://b/k", "sha256:"+strings.Repeat("ab", 32), uint16(0xffff))
	f.Add("", "", "", "", uint16(0))
	f.Add("\x00", strings.Repeat("é", 5000), "http://[::1%25x]/\x01?#a#b", "\xff", uint16(0xfff))
	f.Fuzz(func(t *testing.T, typ, name, uri, digest string, edges uint16) {
		g, v := trained()
		for i, n := range g.Nodes {
			if i%2 == 0 {
				n.TypeName, n.Name = typ, name
			}
			n.URI = uri
		}
		g.Nodes[1].Value = &model.DataSet{Digest: &digest, Description: &name}
		kept := g.Edges[:0]
		for i, e := range g.Edges {
			if edges&(1<<i) != 0 {
				kept = append(kept, e)
			}
		}
		g.Edges = kept
		text := encode(t, bill(t, g, v))
		var read cdx.BOM
		if err := cdx.NewBOMDecoder(strings.NewReader(text), cdx.BOMFileFormatJSON).Decode(&read); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		// What is not UTF-8 is written as an escape, and read as the character.
		plain := func(text string) string { return strings.ReplaceAll(text, `\ufffd`, "\uFFFD") }
		if again := encode(t, &read); plain(again) != plain(text) {
			t.Errorf("%s is read as %s", text, again)
		}
		checkReferences(t, &read)
		if len([]rune(read.Metadata.Component.Version)) > 1024 || read.Metadata.Component.Name == "" {
			t.Errorf("not valid: %s", text)
		}
	})
}

// checkReferences checks that references of b, which it collects by their names in
// JSON, lead to elements of b, and that URLs can be parsed.
func checkReferences(tb testing.TB, b *cdx.BOM) {
	tb.Helper()
	var tree any
	if err := json.Unmarshal([]byte(encode(tb, b)), &tree); err != nil {
		tb.Fatal(err)
	}
	elements := map[string]int{}
	var refs []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for key, member := range v {
				s, _ := member.(string)
				switch key {
				case "bom-ref":
					elements[s]++
				case "ref":
					refs = append(refs, s)
				case "url":
					if _, err := url.Parse(s); err != nil {
						tb.Error(err)
					}
				case "dependsOn":
					for _, e := range member.([]any) {
						refs = append(refs, e.(string))
					}
				}
				walk(member)
			}
		}
	}
	walk(tree)
	for _, r := range refs {
		if elements[r] != 1 {
			tb.Errorf("%d elements are called %q", elements[r], r)
		}
	}
}
