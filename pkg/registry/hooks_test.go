package registry

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/mlmd-go/sdk/generated/mapping"
	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
)

// A repeating store undoes the first try of each transaction and runs it again, as
// after a deadlock.
type repeating struct {
	mlmdpb.MetadataStoreServiceClient
	tries int
}

func (r *repeating) Transact(ctx context.Context, fn func(mlmdpb.MetadataStoreServiceClient) error) error {
	undo := errors.New("undo")
	store := r.MetadataStoreServiceClient.(transactor)
	r.tries++
	err := store.Transact(ctx, func(tx mlmdpb.MetadataStoreServiceClient) error {
		if err := fn(tx); err != nil {
			return err
		}
		return undo
	})
	if !errors.Is(err, undo) {
		return err
	}
	r.tries++
	return store.Transact(ctx, fn)
}

func TestHooks_RepeatedTransaction(t *testing.T) {
	var before, after []Result
	rpc := &repeating{MetadataStoreServiceClient: newStore(t)}
	c := New(rpc,
		BeforeWrite(mapping.RegisteredModel, func(_ context.Context, c Change[model.RegisteredModel]) error {
			before = append(before, c.Result)
			return nil
		}),
		OnWrite(mapping.RegisteredModel, func(_ context.Context, c Change[model.RegisteredModel]) error {
			after = append(after, c.Result)
			return nil
		}))
	m := model.RegisteredModel{Name: "fraud"}
	results, err := c.Register(t.Context(), &m, &model.ModelVersion{Name: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	if rpc.tries != 2 || len(before) != 2 || len(after) != 1 {
		t.Errorf("%d tries, %d calls before and %d after the writes; want 2, 2 and 1", rpc.tries, len(before), len(after))
	}
	if after[0].ID != results[0].ID || m.ID != results[0].ID {
		t.Errorf("the hook saw %v, want %v", after[0], results[0])
	}
}

func TestHooks_WritesInTransactionAtTheSameTime(t *testing.T) {
	const writers = 8
	var mu sync.Mutex
	var after []string
	c := New(newStore(t), OnWrite(mapping.RegisteredModel, func(_ context.Context, c Change[model.RegisteredModel]) error {
		mu.Lock()
		defer mu.Unlock()
		after = append(after, c.New.Name)
		return nil
	}))
	err := c.Tx(t.Context(), func(tx *Client) error {
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				m := model.RegisteredModel{Name: string(rune('a' + i))}
				if _, err := tx.RegisteredModels().Create(t.Context(), &m); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(after)
	if len(slices.Compact(after)) != writers {
		t.Errorf("hooks ran for %v", after)
	}
}

// An option may serve several clients.
func TestHooks_OptionOfSeveralClients(t *testing.T) {
	calls := 0
	opt := OnWrite(mapping.RegisteredModel, func(context.Context, Change[model.RegisteredModel]) error {
		calls++
		return nil
	})
	for i, c := range []*Client{New(newStore(t), opt), New(newStore(t), opt)} {
		m := model.RegisteredModel{Name: "fraud"}
		if _, err := c.RegisteredModels().Upsert(t.Context(), &m); err != nil {
			t.Fatal(err)
		}
		if calls != i+1 {
			t.Errorf("%d calls after %d writes", calls, i+1)
		}
	}
}

func TestHooks_OfAnotherEntityCostNothing(t *testing.T) {
	store := newStore(t)
	nothing := func(context.Context, Change[model.DocArtifact]) error { return nil }
	plain := New(store)
	other := New(store, BeforeWrite(mapping.DocArtifact, nothing), OnWrite(mapping.DocArtifact, nothing))
	m := model.RegisteredModel{Name: "fraud"}
	n := 0
	allocs := func(c *Client) float64 {
		return testing.AllocsPerRun(50, func() {
			n++
			m.Description = new(string(rune('a' + n%26)))
			if _, err := c.RegisteredModels().Upsert(t.Context(), &m); err != nil {
				t.Fatal(err)
			}
		})
	}
	allocs(plain)
	if want, got := allocs(plain), allocs(other); got > want+1 { // the driver's vary by less
		t.Errorf("an Upsert makes %v allocations with hooks of another entity, %v without", got, want)
	}
}

func TestHookErrors_Several(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	one := operation{op: "upsert"}.newError(ErrAfterWrite, "it is created, but a hook failed: first")
	one.Err = first
	other := operation{op: "upsert"}.newError(ErrAfterWrite, "it is updated, but a hook failed: second")
	other.Err = second
	var all hookErrors
	failed := errors.New("the store is down")
	if err := all.keep(failed); err != failed {
		t.Errorf("keep returned %v for an error that is not of a hook", err)
	}
	if err := all.beside(nil); err != nil {
		t.Errorf("no hook failed: %v", err)
	}
	if err := all.keep(hookErrors{one, other, one}.beside(nil)); err != nil {
		t.Error(err)
	}
	if err := all.keep(other); err != nil {
		t.Error(err)
	}
	err := all.beside(nil)
	want := "registry: upsert: it is created, but a hook failed: first (and 3 more errors of hooks)"
	if err.Error() != want || !errors.Is(err, first) || !errors.Is(err, second) || !tookEffect(err) {
		t.Errorf("error is %q, want %q, which wraps both", err, want)
	}
	err = all.beside(failed)
	if !errors.Is(err, failed) || !errors.Is(err, second) || !errors.Is(err, ErrAfterWrite) || tookEffect(err) {
		t.Errorf("error is %q, want one that wraps all", err)
	}
}
