package registry

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/mlmd"
	"github.com/mlmd-go/sdk/pkg/mlmd/gensupport"
	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

func newStore(t *testing.T) mlmdpb.MetadataStoreServiceClient {
	t.Helper()
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.Client()
}

// A call that detects a changed store resets the cache of parents. A concurrent
// call that has just read its parent must not report it as missing.
func TestClient_ParentDuringCacheReset(t *testing.T) {
	c := New(newStore(t))
	res, err := c.RegisteredModels().Upsert(t.Context(), &model.RegisteredModel{Name: "m"})
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				c.contexts.reset()
			}
		}
	})
	for i := range 300 {
		v := model.ModelVersion{RegisteredModelID: res.ID, Name: strconv.Itoa(i)}
		if _, err := c.ModelVersions().Upsert(t.Context(), &v); err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	done.Wait()
}

// A program that is upgraded while the client runs declares a property under its
// present name and reads only that. The client must detect it.
func TestTypes_LegacyTypeIsReadAgain(t *testing.T) {
	rpc := newStore(t)
	declare := func(properties ...string) {
		t.Helper()
		props := make(map[string]mlmdpb.PropertyType)
		for _, p := range properties {
			props[p] = mlmdpb.PropertyType_STRING
		}
		_, err := rpc.PutArtifactType(t.Context(), &mlmdpb.PutArtifactTypeRequest{
			ArtifactType: &mlmdpb.ArtifactType{
				Name:       new("kf.ModelArtifact"),
				Properties: props,
			}, CanAddFields: new(true), CanOmitFields: new(true),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	c := New(rpc)
	stored := func(name string) map[string]*mlmdpb.Value {
		t.Helper()
		res, err := c.ModelArtifacts().Upsert(t.Context(), &model.ModelArtifact{Name: name, StorageKey: new("k")})
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseInt(res.ID, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		r, err := rpc.GetArtifactsByID(t.Context(), &mlmdpb.GetArtifactsByIDRequest{ArtifactIds: []int64{n}})
		if err != nil {
			t.Fatal(err)
		}
		return r.Artifacts[0].Properties
	}
	declare("storageKey")
	if p := stored("before"); p["storageKey"] == nil || len(p) != 1 {
		t.Errorf("before the upgrade: %v", p)
	}
	declare("storage_key")
	k := typeKey{mlmd.Artifact, "kf.ModelArtifact"}
	old := *c.types.get(k)
	old.readAt = time.Now().Add(-2 * legacyTypeMaxAge)
	c.types.set(k, &old)
	if p := stored("after"); p["storage_key"] == nil || len(p) != 1 {
		t.Errorf("after the upgrade: %v", p)
	}
}

func TestStoredType_Resolve(t *testing.T) {
	const text, number, object = mlmdpb.PropertyType_STRING, mlmdpb.PropertyType_INT, mlmdpb.PropertyType_STRUCT
	fields := mlmd.Fields{
		{Name: "format", Path: "properties.format", Type: text, LegacyNames: []string{"oldest", "older"}},
	}
	value := func(s string) *mlmdpb.Value {
		return &mlmdpb.Value{Value: &mlmdpb.Value_StringValue{StringValue: s}}
	}
	for _, c := range []struct {
		name    string
		type_   props
		has     []string // properties of the node
		v       string   // empty: the field is emptied
		unset   bool     // the caller does not set the field
		want    map[string]string
		paths   []string
		missing bool
		misfit  bool
	}{
		{
			"the present name",
			props{"format": text},
			nil, "x", false,
			map[string]string{"format": "x"},
			[]string{"format"},
			false, false,
		},
		{"no name is declared", props{}, nil, "x", false, map[string]string{"format": "x"}, []string{"format"}, true, false},
		{"no name is declared, and the caller does not set it", props{}, nil, "x", true, nil, nil, false, false},
		{
			"an older name only",
			props{"older": text},
			nil, "x", false,
			map[string]string{"older": "x"},
			[]string{"older"},
			false, false,
		},
		{
			"the youngest of the older names",
			props{"oldest": text, "older": text},
			nil, "x", false,
			map[string]string{"older": "x"},
			[]string{"older"},
			false, false,
		},
		{
			"the older one that the node has, too",
			props{"oldest": text, "older": text},
			[]string{"oldest"},
			"x", false,
			map[string]string{"older": "x", "oldest": "x"},
			[]string{"oldest", "older"},
			false, false,
		},
		{
			"both names, of which the node has none",
			props{"format": text, "older": text},
			nil, "x", false,
			map[string]string{"format": "x"},
			[]string{"format"},
			false, false,
		},
		{
			"both names, of which the node has the older",
			props{"format": text, "older": text},
			[]string{"older"},
			"x", false,
			map[string]string{"format": "x", "older": "x"},
			[]string{"format", "older"},
			false, false,
		},
		{
			"an older name that the type does not declare is emptied",
			props{"format": text},
			[]string{"older"},
			"x", false,
			map[string]string{"format": "x"},
			[]string{"format", "older"},
			false, false,
		},
		{
			"all names are emptied",
			props{"format": text, "older": text},
			[]string{"format", "older"},
			"", false, nil,
			[]string{"format", "older"},
			false, false,
		},
		{
			"an older name of another kind that can hold it",
			props{"older": number},
			nil, "12", false,
			map[string]string{"older": "12"},
			[]string{"older"},
			false, false,
		},
		{
			"an older name of a kind that cannot hold it",
			props{"older": number},
			[]string{"older"},
			"x", false,
			map[string]string{"format": "x"},
			[]string{"format", "older"},
			true, false,
		},
		{"the present name of a kind that cannot hold it", props{"format": object}, nil, "x", false, nil, nil, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			was, wanted := nodeView{props: map[string]*mlmdpb.Value{}}, nodeView{props: map[string]*mlmdpb.Value{}}
			for _, name := range c.has {
				was.props[name] = value("stored")
			}
			if c.v != "" {
				wanted.props["format"] = value(c.v)
			}
			set := []string{"properties.format"}
			if c.unset {
				set = nil
			}
			st := &storedType{props: c.type_}
			s, bad := st.resolve(fields, was, wanted, []string{"properties.format"}, set)
			if (bad != nil) != c.misfit {
				t.Fatalf("got type mismatch %v, want one: %v", bad, c.misfit)
			}
			if bad != nil {
				return
			}
			if (len(s.missing) > 0) != c.missing {
				t.Errorf("got missing %v, want some: %v", s.missing, c.missing)
			}
			if len(s.props) != len(c.want) || len(s.paths) != len(c.paths) {
				t.Fatalf("got %v at %v, want %v at %v", s.props, s.paths, c.want, c.paths)
			}
			for name, want := range c.want {
				if got := gensupport.FromProto(s.props[name]).String(); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			for i, name := range c.paths {
				if s.paths[i] != propertyPath+name {
					t.Errorf("paths are %v, want %v", s.paths, c.paths)
				}
			}
		})
	}
}

// New, reads and plans register nothing; a write registers the type of its
// entity and no other, although a client has collections for the whole spec.
func TestTypes_RegisteredByTheWriteThatNeedsThem(t *testing.T) {
	c := New(newStore(t))
	want := func(after string, names ...string) {
		t.Helper()
		stored, err := c.storedTypes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for k := range stored {
			if strings.HasPrefix(k.name, "kf.") {
				got = append(got, k.name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, names) {
			t.Errorf("after %s the store has the types %v, want %v", after, got, names)
		}
	}
	if _, err := c.ModelVersions().Query().Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RegisteredModels().FindByName(t.Context(), "m"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if _, err := PlanTypeChanges(t.Context(), c, mapping.Catalog); err != nil {
		t.Fatal(err)
	}
	want("reads")
	res, err := c.RegisteredModels().Upsert(t.Context(), &model.RegisteredModel{Name: "m"})
	if err != nil {
		t.Fatal(err)
	}
	want("an upsert of a model", "kf.RegisteredModel")
	v := model.ModelVersion{RegisteredModelID: res.ID, Name: "v"}
	if _, err := c.ModelVersions().Upsert(t.Context(), &v); err != nil {
		t.Fatal(err)
	}
	want("an upsert of a version", "kf.ModelVersion", "kf.RegisteredModel")
}
