package durability_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/mlmd-go/sdk/generated/field"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/suites/backend"
)

var kills = flag.Int("kills", 8, "how often TestRegister_Killed kills the process on each backend")

// TestRegister_Killed kills a process that registers models, at random moments.
// No part of a model is ever visible without the others, and the same call
// completes what is missing.
func TestRegister_Killed(t *testing.T) {
	for _, name := range []string{backend.File, backend.Postgres} {
		if b := backend.Named(name); slices.Contains(backend.All(), b) {
			t.Run(name, func(t *testing.T) { killRegisters(t, name, b.Address(t)) })
		}
	}
}

func killRegisters(t *testing.T, kind, address string) {
	rpc, closer, err := backend.DialAddress(t.Context(), kind, address)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	reg := registry.New(rpc)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	registered, lost, kept, seen := 0, 0, 0, 0
	for round := range *kills {
		p := backend.StartChild(t, "register", kind, address, strconv.Itoa(round))
		p.Line(t) // it has opened the store
		seen += watch(t, reg, time.Duration(random.Int64N(int64(40*time.Millisecond))))
		p.Kill()
		acknowledged := 0
		for p.Out.Scan() {
			acknowledged++
		}
		_ = p.Wait() // it was killed

		for n := range acknowledged {
			if !complete(t, reg, modelName(round, n)) {
				t.Errorf("round %d: %s was acknowledged and is not stored", round, modelName(round, n))
			}
		}
		// The call that the kill interrupted was stored or not.
		if complete(t, reg, modelName(round, acknowledged)) {
			kept++
		} else {
			lost++
		}
		if complete(t, reg, modelName(round, acknowledged+1)) {
			t.Fatalf("round %d: a model is stored before the call for the one before returned", round)
		}
		for range 2 {
			results, err := registerModel(t.Context(), reg, modelName(round, acknowledged))
			if err != nil || len(results) != 4 {
				t.Fatalf("round %d: %d results, error %v", round, len(results), err)
			}
		}
		registered += acknowledged + 1
		for what, count := range map[string]func(context.Context) (int, error){
			"models":          reg.RegisteredModels().Query().Count,
			"versions":        reg.ModelVersions().Query().Count,
			"model artifacts": reg.ModelArtifacts().Query().Count,
			"documents":       reg.DocArtifacts().Query().Count,
		} {
			if n, err := count(t.Context()); err != nil || n != registered {
				t.Fatalf("round %d: %d %s of %d registered models, error %v", round, n, what, registered, err)
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d kills: %d models registered and %d seen on the way, all whole; of the interrupted calls %d were stored "+
		"and %d were not, and were completed by the same call", *kills, registered, seen, kept, lost)
	if kind == backend.File {
		if verdict, err := integrity(t.Context(), address); err != nil || verdict != "ok" {
			t.Error(verdict, err)
		}
	}
}

// watch reads the newest models until the time is over, fails the test if one
// lacks a part, and returns how many it read.
func watch(t *testing.T, reg *registry.Client, during time.Duration) (seen int) {
	newest := reg.RegisteredModels().Query().OrderBy(registry.OrderByCreateTime).Desc().Limit(3)
	for end := time.Now().Add(during); ; {
		models, err := newest.Collect(t.Context())
		if err != nil {
			t.Error(err)
			return seen
		}
		for _, m := range models {
			seen++
			if !complete(t, reg, m.Name) {
				t.Errorf("%s was seen and is gone", m.Name)
			}
		}
		if !time.Now().Before(end) {
			return seen
		}
	}
}

func modelName(round, n int) string { return fmt.Sprintf("round %d, model %d", round, n) }

// registerModel registers a model with a version and two artifacts.
func registerModel(ctx context.Context, reg *registry.Client, name string) ([]registry.Result, error) {
	return reg.Register(ctx,
		&model.RegisteredModel{Name: name, Owner: new("ada")},
		&model.ModelVersion{Name: "v1", Author: new("ada")},
		&model.ModelArtifact{Name: "weights of " + name, URI: new("s3://models/1")},
		&model.DocArtifact{Name: "card of " + name, URI: new("s3://models/card.md")})
}

// complete reports whether the model is stored, and fails the test if only a part
// of it is.
func complete(t *testing.T, reg *registry.Client, name string) bool {
	t.Helper()
	ctx := t.Context()
	models, err := reg.RegisteredModels().Query().Where(field.RegisteredModel.Name.Eq(name)).Collect(ctx)
	if err != nil {
		t.Error(err)
		return false
	}
	if len(models) == 0 {
		return false
	}
	if len(models) > 1 {
		t.Errorf("%d models are called %s", len(models), name)
	}
	tree, err := reg.RegisteredModels().Tree(ctx, models[0].ID)
	if err != nil {
		t.Error(err)
		return true
	}
	if len(tree.Versions) != 1 {
		t.Errorf("%s has %d versions", name, len(tree.Versions))
		return true
	}
	v := tree.Versions[0]
	docs, err := reg.DocArtifacts().OfVersion(v.Version.ID).Collect(ctx)
	if err != nil {
		t.Error(err)
	}
	artifacts, err := reg.ModelArtifacts().OfVersion(v.Version.ID).Collect(ctx)
	if err != nil {
		t.Error(err)
	}
	if len(docs) != 1 || len(artifacts) != 1 || *v.Version.Author != "ada" || *artifacts[0].URI != "s3://models/1" {
		t.Errorf("%s has %d artifacts and %d documents", name, len(artifacts), len(docs))
	}
	return true
}

// registerInChild registers models until the process is killed, and writes a line
// for each.
func registerInChild(_ *bufio.Scanner, out io.Writer, args []string) error {
	ctx := context.Background()
	rpc, _, err := backend.DialAddress(ctx, args[0], args[1])
	if err != nil {
		return err
	}
	reg := registry.New(rpc)
	round, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	for n := 0; ; n++ {
		if _, err := registerModel(ctx, reg, modelName(round, n)); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, "registered", n); err != nil { // the tests are gone
			return err
		}
	}
}

// TestRegister_Canceled ends the context of Register, UpsertAll and Tx at random
// moments. A call that fails leaves nothing behind and no ID in its values.
func TestRegister_Canceled(t *testing.T) {
	for _, name := range []string{backend.Memory, backend.File, backend.Postgres, backend.MySQL} {
		b := backend.Named(name)
		if slices.Contains(backend.All(), b) {
			t.Run(name, func(t *testing.T) { cancelRegisters(t, registry.New(b.Start(t))) })
		}
	}
}

func cancelRegisters(t *testing.T, reg *registry.Client) {
	start := time.Now()
	if _, err := registerModel(t.Context(), reg, "first"); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(start)
	random := rand.New(rand.NewPCG(rand.Uint64(), 0))
	failed, stored := 0, 0
	for n := range 90 {
		name := modelName(0, n)
		m := model.RegisteredModel{Name: name, Owner: new("ada")}
		v := model.ModelVersion{Name: "v1", Author: new("ada")}
		a := model.ModelArtifact{Name: "weights", URI: new("s3://models/1")}
		d := model.DocArtifact{Name: "card"}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.Int64N(int64(whole))))
		var err error
		switch n % 3 {
		case 0:
			_, err = reg.Register(ctx, &m, &v, &a, &d)
		case 1:
			err = reg.Tx(ctx, func(tx *registry.Client) error {
				_, err := tx.Register(ctx, &m, &v, &a, &d)
				return err
			})
		case 2:
			err = reg.Tx(ctx, func(tx *registry.Client) error {
				if _, err := tx.RegisteredModels().UpsertAll(ctx, []*model.RegisteredModel{&m}); err != nil {
					return err
				}
				v.RegisteredModelID = m.ID
				if _, err := tx.ModelVersions().CreateAll(ctx, []*model.ModelVersion{&v}); err != nil {
					return err
				}
				_, err := tx.Register(ctx, &v, &a, &d)
				return err
			})
		}
		cancel()
		there := complete(t, reg, name)
		switch {
		case err == nil && !there:
			t.Errorf("%s is not stored", name)
		case err == nil:
			stored++
			whole = max(whole*9/10, 10*time.Microsecond)
		case there && !errors.Is(err, registry.ErrUnavailable):
			t.Errorf("%s is stored, although the error is %v", name, err)
		case !there && (m.ID != "" || v.ID != "" || a.ID != "" || d.ID != ""):
			t.Errorf("%s is not stored and the IDs are %q, %q, %q, %q", name, m.ID, v.ID, a.ID, d.ID)
		default:
			failed++
			whole = whole * 11 / 10
		}
	}
	if failed < 5 || stored < 5 {
		t.Errorf("%d calls failed and %d did not: the time must run out amid some", failed, stored)
	}
	if _, err := registerModel(t.Context(), reg, "last"); err != nil {
		t.Errorf("after the canceled calls: %v", err)
	}
}
