package gensupport_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
)

func artifact() *model.ModelArtifact {
	return &model.ModelArtifact{
		Name: "weights", ModelVersionID: "7", ExternalID: new("ext"), Description: new("a description"),
		URI:   new("s3://models/fraud/1"),
		State: new(model.ArtifactStateLive), ModelFormatName: new("onnx"), ModelFormatVersion: new("1"),
		StorageKey:  new("key"),
		StoragePath: new("path"), ServiceAccountName: new("account"),
		ModelSourceKind: new("kind"), ModelSourceClass: new("class"),
		ModelSourceGroup: new("group"), ModelSourceID: new("id"), ModelSourceName: new("name"),
	}
}

var parent = mlmd.Parent{ID: 7, Name: "v1"}

// encodeByHand is the hand-written baseline for one entity, without checks.
func encodeByHand(a *model.ModelArtifact, parentID int64) *mlmdpb.Artifact {
	props := make(map[string]*mlmdpb.Value, 11)
	set := func(key string, v *string) {
		if v != nil {
			props[key] = &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: *v}}
		}
	}
	set("description", a.Description)
	set("model_format_name", a.ModelFormatName)
	set("model_format_version", a.ModelFormatVersion)
	set("storage_key", a.StorageKey)
	set("storage_path", a.StoragePath)
	set("service_account_name", a.ServiceAccountName)
	set("model_source_kind", a.ModelSourceKind)
	set("model_source_class", a.ModelSourceClass)
	set("model_source_group", a.ModelSourceGroup)
	set("model_source_id", a.ModelSourceID)
	set("model_source_name", a.ModelSourceName)
	n := &mlmdpb.Artifact{Name: new(strconv.FormatInt(parentID, 10) + ":" + a.Name), Properties: props}
	if a.ExternalID != nil {
		n.ExternalId = new(*a.ExternalID)
	}
	if a.URI != nil {
		n.Uri = new(*a.URI)
	}
	if a.State != nil {
		n.State = mlmdpb.Artifact_State(mlmdpb.Artifact_State_value[string(*a.State)]).Enum()
	}
	return n
}

func decodeByHand(n *mlmdpb.Artifact) *model.ModelArtifact {
	get := func(key string) *string {
		v, ok := n.Properties[key].GetValue().(*mlmdpb.Value_StringValue)
		if !ok {
			return nil
		}
		return new(v.StringValue)
	}
	prefix, name, _ := strings.Cut(n.GetName(), ":")
	a := &model.ModelArtifact{
		Name: name, ModelVersionID: prefix, Description: get("description"),
		ModelFormatName: get("model_format_name"), ModelFormatVersion: get("model_format_version"),
		StorageKey:  get("storage_key"),
		StoragePath: get("storage_path"), ServiceAccountName: get("service_account_name"),
		ModelSourceKind:  get("model_source_kind"),
		ModelSourceClass: get("model_source_class"), ModelSourceGroup: get("model_source_group"),
		ModelSourceID:   get("model_source_id"),
		ModelSourceName: get("model_source_name"),
	}
	if n.Id != nil {
		a.ID = strconv.FormatInt(*n.Id, 10)
	}
	if n.ExternalId != nil {
		a.ExternalID = new(*n.ExternalId)
	}
	if n.Uri != nil {
		a.URI = new(*n.Uri)
	}
	if n.State != nil {
		a.State = new(model.ArtifactState(n.State.String()))
	}
	return a
}

func BenchmarkEncodeByHand(b *testing.B) {
	a := artifact()
	b.ReportAllocs()
	for b.Loop() {
		encodeByHand(a, 7)
	}
}

func BenchmarkEncodeGenerated(b *testing.B) {
	a := artifact()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.ModelArtifact.Encode(a, parent); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeByHand(b *testing.B) {
	n := encodeByHand(artifact(), 7)
	b.ReportAllocs()
	for b.Loop() {
		decodeByHand(n)
	}
}

func BenchmarkDecodeGenerated(b *testing.B) {
	n := encodeByHand(artifact(), 7)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.ModelArtifact.Decode(n); err != nil {
			b.Fatal(err)
		}
	}
}

// Allocations, unlike times, do not depend on the machine.
func TestMapping_AllocatesNoMoreThanByHand(t *testing.T) {
	a, n := artifact(), encodeByHand(artifact(), 7)
	for name, c := range map[string]struct{ hand, generated func() }{
		"encode": {func() { encodeByHand(a, 7) }, func() { _, _ = mapping.ModelArtifact.Encode(a, parent) }},
		"decode": {func() { decodeByHand(n) }, func() { _, _ = mapping.ModelArtifact.Decode(n) }},
	} {
		hand, generated := testing.AllocsPerRun(100, c.hand), testing.AllocsPerRun(100, c.generated)
		t.Logf("%s: %v allocations by hand, %v generated", name, hand, generated)
		if generated > hand {
			t.Errorf("%s allocates %v times, by hand %v times", name, generated, hand)
		}
	}
}
