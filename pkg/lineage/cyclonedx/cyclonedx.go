// Package cyclonedx exports the lineage of a model version as a bill of materials in
// the format of CycloneDX, an ML-BOM.
//
//	g, err := lineage.Provenance(ctx, reg, &version)
//	bom, err := cyclonedx.BOM(g, &version, cyclonedx.Config{Namespace: "mlmd://registry.example.com"})
//	err = cdx.NewBOMEncoder(file, cdx.BOMFileFormatJSON).Encode(bom)
//
// Here cdx is github.com/CycloneDX/cyclonedx-go, which only programs that import this
// package link.
package cyclonedx

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/internal/exchange"
	"github.com/mlmd-go/sdk/pkg/lineage"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/value"
)

// Config says what the graph does not know.
type Config struct {
	// Namespace names the store, such as "mlmd://registry.example.com". The serial
	// number and the UIDs of workflows are made from it; the latter are the IDs of
	// the runs that package openlineage makes in the same namespace.
	Namespace string

	// Time is when the bill was made. If it is zero, the bill does not say.
	Time time.Time
}

// BOM returns the bill of materials of a version, in version 1.6 of CycloneDX. g is
// the version's provenance, or a larger graph with it and its contexts; only the ID of
// v is used.
//
// The version is a component of type machine-learning-model. Its ModelArtifact
// entities are files of it, its Metric entities are in its model card, its Parameter
// entities are properties such as "mlmd:parameter:epochs", and its DocArtifact
// entities are references to documentation. All other artifacts that the version has
// or was made from are components: models, or data. Executions are workflows of the
// formulation. Artifacts depend on the inputs of the executions that made them.
//
// A URI becomes a reference without the user's name and password, and without
// parameters with credentials, such as X-Amz-Signature and token. A digest of a DataSet
// such as "sha256:9f86…" becomes a hash; one that does not name its algorithm remains a
// property.
//
// The same graph and config make the same bill. The serial number depends on all of
// the bill's content, except for its time. A bill of a graph that was cut says that
// it is incomplete.
//
// The error says that the config is not valid, or that g does not have the version.
func BOM(g *lineage.Graph, v *model.ModelVersion, c Config) (*cdx.BOM, error) {
	if c.Namespace == "" {
		return nil, fmt.Errorf("cyclonedx: Config.Namespace is empty: set it to a URI that names the store")
	}
	timestamp, ok := formatTime(value.Time{Time: c.Time})
	if !ok && !c.Time.IsZero() {
		return nil, fmt.Errorf("cyclonedx: Config.Time %v: must be in the years 0 to 9999", c.Time)
	}
	ref := lineage.Ref{Kind: mlmd.Context, ID: v.ID}
	n := g.Node(ref)
	if n == nil {
		return nil, fmt.Errorf("cyclonedx: the graph does not have model version %v: read it with lineage.Provenance", ref)
	}
	x := &exporter{Config: c, graph: g, version: n, refs: make(map[lineage.Ref]bool)}
	b := cdx.NewBOM()
	b.SpecVersion = cdx.SpecVersion1_6
	b.JSONSchema, b.XMLNS = "http://cyclonedx.org/schema/bom-1.6.schema.json", "http://cyclonedx.org/schema/bom/1.6"
	b.Metadata = &cdx.Metadata{
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{
			{Type: cdx.ComponentTypeLibrary, Name: "github.com/mlmd-go/sdk"},
		}},
	}
	x.fill(b)

	var content bytes.Buffer
	if err := cdx.NewBOMEncoder(&content, cdx.BOMFileFormatJSON).Encode(b); err != nil {
		return nil, fmt.Errorf("cyclonedx: encode the bill of %v: %w", ref, err)
	}
	b.SerialNumber = "urn:uuid:" + exchange.ID(c.Namespace, content.String())
	b.Metadata.Timestamp = timestamp
	return b, nil
}

type exporter struct {
	Config
	graph   *lineage.Graph
	version *lineage.Node

	artifacts  []*lineage.Node // those of the version and those that they were made from
	executions []*lineage.Node
	members    map[lineage.Ref]bool // the artifacts of the version
	refs       map[lineage.Ref]bool // the artifacts that are components
}

// fill adds the version, and what it was made from, to b.
func (x *exporter) fill(b *cdx.BOM) {
	x.collect()
	main := x.component(x.version)
	main.Type = cdx.ComponentTypeMachineLearningModel
	x.describe(&main)

	var files, others []cdx.Component
	var datasets []cdx.MLDatasetChoice
	var metrics []cdx.MLPerformanceMetric
	dependencies := []cdx.Dependency{{Ref: main.BOMRef}}
	var direct []string
	for _, n := range x.artifacts {
		if x.members[n.Ref] && x.intoModel(&main, &metrics, n) {
			continue
		}
		x.refs[n.Ref] = true
		a := x.component(n)
		addReference(&a, cdx.ERTypeDistribution, n.URI)
		if x.members[n.Ref] {
			direct = append(direct, a.BOMRef)
		}
		if _, ok := n.Value.(*model.ModelArtifact); ok && x.members[n.Ref] {
			a.Type = cdx.ComponentTypeFile
			files = append(files, a)
			continue
		}
		switch a.Type = componentType(n); {
		case a.Type != cdx.ComponentTypeData:
		case isDataset(n):
			a.Data = &[]cdx.ComponentData{{Type: cdx.ComponentDataTypeDataset}}
			datasets = append(datasets, cdx.MLDatasetChoice{Ref: a.BOMRef})
		default:
			a.Data = &[]cdx.ComponentData{{Type: cdx.ComponentDataTypeOther}}
		}
		others = append(others, a)
	}
	main.Components = list(files)
	if card := main.ModelCard; card != nil || datasets != nil || metrics != nil {
		if card == nil {
			card = &cdx.MLModelCard{}
		}
		if datasets != nil {
			if card.ModelParameters == nil {
				card.ModelParameters = &cdx.MLModelParameters{}
			}
			card.ModelParameters.Datasets = &datasets
		}
		if metrics != nil {
			card.QuantitativeAnalysis = &cdx.MLQuantitativeAnalysis{PerformanceMetrics: &metrics}
		}
		main.ModelCard = card
	}
	dependencies[0].Dependencies = list(direct)
	for _, n := range x.artifacts {
		if x.refs[n.Ref] {
			dependencies = append(dependencies, cdx.Dependency{Ref: n.Ref.String(), Dependencies: list(x.madeFrom(n))})
		}
	}
	b.Metadata.Component = &main
	b.Components = list(others)
	b.Dependencies = &dependencies
	if w := x.workflows(); w != nil {
		b.Formulation = &[]cdx.Formula{{BOMRef: "formulation", Workflows: &w}}
	}
	if x.graph.Cut != nil {
		b.Compositions = &[]cdx.Composition{{
			Aggregate:    cdx.CompositionAggregateIncomplete,
			Dependencies: &[]cdx.BOMReference{cdx.BOMReference(main.BOMRef)},
		}}
	}
}

// collect finds the artifacts of the version and what they were made from.
func (x *exporter) collect() {
	x.members = make(map[lineage.Ref]bool)
	found := make(map[lineage.Ref]bool)
	var queue []*lineage.Node
	for _, n := range x.graph.Members(x.version.Ref) {
		if n.Kind == mlmd.Artifact {
			x.members[n.Ref], found[n.Ref] = true, true
			queue = append(queue, n)
		}
	}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, up := range x.graph.Upstream(n.Ref) {
			if !found[up.Ref] && (up.Kind == mlmd.Artifact || up.Kind == mlmd.Execution) {
				found[up.Ref] = true
				queue = append(queue, up)
			}
		}
	}
	for _, n := range x.graph.Nodes {
		switch {
		case !found[n.Ref]:
		case n.Kind == mlmd.Artifact:
			x.artifacts = append(x.artifacts, n)
		default:
			x.executions = append(x.executions, n)
		}
	}
}

// maxVersion is how many characters the version of a component has at most.
const maxVersion = 1024

// describe adds what the entities of the version and its model say.
func (x *exporter) describe(main *cdx.Component) {
	title := exchange.Title(x.version)
	if utf8.RuneCountInString(title) <= maxVersion {
		main.Version = title
	} else {
		addProperty(main, "mlmd:version", title)
	}
	if v, ok := x.version.Value.(*model.ModelVersion); ok && text(v.Author) != "" {
		main.Authors = &[]cdx.OrganizationalContact{{Name: *v.Author}}
	}
	for _, parent := range x.graph.Contexts(x.version.Ref) {
		m, ok := parent.Value.(*model.RegisteredModel)
		if !ok {
			continue
		}
		main.Name, main.Publisher = exchange.Title(parent), text(m.Provider)
		if main.Description == "" {
			main.Description = text(m.Description)
		}
		if name := text(m.License); name != "" {
			l := &cdx.License{Name: name}
			if uri, ok := exchange.ParseURI(text(m.LicenseLink)); ok {
				l.URL, _ = uri.Reference()
			}
			main.Licenses = &cdx.Licenses{{License: l}}
		}
		if len(m.Tasks) > 0 {
			main.ModelCard = &cdx.MLModelCard{ModelParameters: &cdx.MLModelParameters{Task: strings.Join(m.Tasks, ", ")}}
		}
		return
	}
}

// intoModel adds an artifact of the version to the component of the version if it is
// not a component of its own.
func (x *exporter) intoModel(main *cdx.Component, metrics *[]cdx.MLPerformanceMetric, n *lineage.Node) bool {
	switch a := n.Value.(type) {
	case *model.Metric:
		if a.Value != nil {
			*metrics = append(*metrics, cdx.MLPerformanceMetric{
				Type: exchange.Title(n), Value: strconv.FormatFloat(*a.Value, 'g', -1, 64),
			})
		}
	case *model.Parameter:
		addProperty(main, "mlmd:parameter:"+exchange.Title(n), text(a.Value))
	case *model.DocArtifact:
		addReference(main, cdx.ERTypeDocumentation, n.URI)
	default:
		return false
	}
	return true
}

// component returns the component of a node, without a type.
func (x *exporter) component(n *lineage.Node) cdx.Component {
	p := exchange.PropertiesOf(n)
	c := cdx.Component{BOMRef: n.Ref.String(), Name: exchange.Title(n), Description: p.Text("description")}
	delete(p.Own, "description")
	if n.Entity == "DataSet" {
		if h, ok := hash(p.Text("digest")); ok {
			c.Hashes = &[]cdx.Hash{h}
			delete(p.Own, "digest")
		}
	}
	properties := nodeProperties(n, p)
	c.Properties = &properties
	return c
}

func nodeProperties(n *lineage.Node, p exchange.Properties) []cdx.Property {
	properties := []cdx.Property{{Name: "mlmd:type", Value: n.TypeName}}
	add := func(name, value string) {
		if value != "" {
			properties = append(properties, cdx.Property{Name: name, Value: value})
		}
	}
	add("mlmd:externalId", n.ExternalID)
	add("mlmd:state", n.State)
	for _, name := range slices.Sorted(maps.Keys(p.Own)) {
		if name != "state" {
			add("mlmd:property:"+name, exchange.String(p.Own[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Custom)) {
		add("mlmd:customProperty:"+name, exchange.String(p.Custom[name]))
	}
	return properties
}

// madeFrom returns the components that n was made from.
func (x *exporter) madeFrom(n *lineage.Node) []string {
	inputs := make(map[lineage.Ref]bool)
	for _, execution := range x.graph.Upstream(n.Ref) {
		for _, in := range x.graph.Upstream(execution.Ref) {
			inputs[in.Ref] = in.Ref != n.Ref && x.refs[in.Ref]
		}
	}
	var out []string
	for _, a := range x.artifacts {
		if inputs[a.Ref] {
			out = append(out, a.Ref.String())
		}
	}
	return out
}

// workflows returns the executions.
func (x *exporter) workflows() []cdx.Workflow {
	var out []cdx.Workflow
	for _, n := range x.executions {
		p := exchange.PropertiesOf(n)
		w := cdx.Workflow{
			BOMRef: n.Ref.String(), UID: exchange.ID(x.Namespace, n.Ref.String()), Name: exchange.Title(n),
			Description: p.Text("description"), TaskTypes: &[]cdx.TaskType{cdx.TaskTypeOther},
		}
		delete(p.Own, "description")
		properties := nodeProperties(n, p)
		w.Properties = &properties
		w.TimeStart, _ = formatTime(n.CreateTime)
		switch n.State {
		case "COMPLETE", "CACHED", "FAILED", "CANCELED":
			w.TimeEnd, _ = formatTime(n.UpdateTime)
		}
		var inputs []cdx.TaskInput
		for _, a := range x.graph.Upstream(n.Ref) {
			if x.refs[a.Ref] {
				inputs = append(inputs, cdx.TaskInput{Resource: &cdx.ResourceReferenceChoice{Ref: a.Ref.String()}})
			}
		}
		var outputs []cdx.TaskOutput
		for _, a := range x.graph.Downstream(n.Ref) {
			if x.refs[a.Ref] {
				outputs = append(outputs, cdx.TaskOutput{
					Type: cdx.TaskOutputTypeArtifact, Resource: &cdx.ResourceReferenceChoice{Ref: a.Ref.String()},
				})
			}
		}
		w.Inputs, w.Outputs = list(inputs), list(outputs)
		out = append(out, w)
	}
	return out
}

func isDataset(n *lineage.Node) bool { return strings.EqualFold(n.Label(), "DataSet") }

// componentType returns the type of the component of an artifact.
func componentType(n *lineage.Node) cdx.ComponentType {
	if l := n.Label(); strings.EqualFold(l, "Model") || l == "ModelArtifact" {
		return cdx.ComponentTypeMachineLearningModel
	}
	return cdx.ComponentTypeData
}

func addProperty(c *cdx.Component, name, value string) {
	*c.Properties = append(*c.Properties, cdx.Property{Name: name, Value: value})
}

// addReference adds a URI: as a property, if it is not one that may be in a
// reference.
func addReference(c *cdx.Component, typ cdx.ExternalReferenceType, uri string) {
	if uri == "" {
		return
	}
	if l, ok := exchange.ParseURI(uri); ok {
		if r, ok := l.Reference(); ok {
			if c.ExternalReferences == nil {
				c.ExternalReferences = &[]cdx.ExternalReference{}
			}
			*c.ExternalReferences = append(*c.ExternalReferences, cdx.ExternalReference{Type: typ, URL: r})
			return
		}
	}
	addProperty(c, "mlmd:uri", exchange.WithoutSecrets(uri))
}

// algorithms are the hashes that a digest can name, and how many digits they have.
var algorithms = map[string]struct {
	name   cdx.HashAlgorithm
	digits int
}{
	"md5": {cdx.HashAlgoMD5, 32}, "sha1": {cdx.HashAlgoSHA1, 40}, "sha256": {cdx.HashAlgoSHA256, 64},
	"sha384": {cdx.HashAlgoSHA384, 96}, "sha512": {cdx.HashAlgoSHA512, 128},
}

// hash returns the hash that a digest such as "sha256:9f86…" has.
func hash(digest string) (cdx.Hash, bool) {
	name, content, _ := strings.Cut(digest, ":")
	a, ok := algorithms[strings.ReplaceAll(strings.ToLower(name), "-", "")]
	if !ok || len(content) != a.digits || strings.Trim(content, "0123456789abcdefABCDEF") != "" {
		return cdx.Hash{}, false
	}
	return cdx.Hash{Algorithm: a.name, Value: content}, true
}

// formatTime returns t in the format of RFC 3339, or false if it is zero or has none.
func formatTime(t value.Time) (string, bool) {
	u := t.UTC()
	if t.IsZero() || u.Year() < 0 || u.Year() > 9999 {
		return "", false
	}
	return u.Format("2006-01-02T15:04:05.000Z07:00"), true
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// list returns nil for no elements, which then are not part of the bill.
func list[T any](s []T) *[]T {
	if len(s) == 0 {
		return nil
	}
	return &s
}
