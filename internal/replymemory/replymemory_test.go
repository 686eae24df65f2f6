package replymemory_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/mlmd-go/sdk/internal/replymemory"
)

func TestAccount_SmallRepliesGoOnWhileLargeOnesAreRefused(t *testing.T) {
	b := replymemory.NewBudget(40 << 20)
	ctx, big := b.Open(t.Context())
	if replymemory.FromContext(ctx) != big {
		t.Fatal("the context has another account")
	}
	var err error
	read := 0
	for ; err == nil; read++ {
		err = big.Charge(1 << 20)
	}
	if exceeded, ok := errors.AsType[*replymemory.ExceededError](err); !ok || exceeded.Limit != 40<<20 {
		t.Fatalf("got %v", err)
	}
	if read < 29 || read > 32 { // three quarters, and what is free
		t.Errorf("refused after %d MiB", read)
	}
	for range 4 { // pages beside it
		_, page := b.Open(t.Context())
		if err := page.Charge(2 << 20); err != nil {
			t.Fatal(err)
		}
		defer page.Close()
	}
	for range 1000 {
		_, small := b.Open(t.Context())
		if err := small.Charge(500 << 10); err != nil {
			t.Fatal(err)
		}
	}
	before := b.Used()
	big.Close()
	big.Close()
	if freed := before - b.Used(); freed < 29<<20 {
		t.Errorf("closing freed %d MiB", freed>>20)
	}
}

func TestAccount_Concurrent(t *testing.T) {
	b := replymemory.NewBudget(16 << 20)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, a := b.Open(context.Background())
			defer a.Close()
			for a.Charge(100<<10) == nil {
				if n := b.Used(); n > 20*(16<<20) {
					t.Error(n)
				}
			}
		})
	}
	all.Wait()
	if b.Used() != 0 {
		t.Errorf("%d bytes are left", b.Used())
	}
}

func TestAccount_Unlimited(t *testing.T) {
	var b *replymemory.Budget
	ctx, a := b.Open(t.Context())
	defer a.Close()
	if err := replymemory.FromContext(ctx).Charge(1 << 50); err != nil {
		t.Error(err)
	}
}
