package durability_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const writes = 1000

// rounds is how often the server is killed.
func rounds() int {
	if testing.Short() {
		return 2
	}
	return 20
}

var _ = Describe("a server that is killed amid 1,000 concurrent writes", func() {
	It("has kept every write that it acknowledged, and each wholly or not at all", func(ctx SpecContext) {
		for round := range rounds() {
			seed := uint64(GinkgoRandomSeed()) + uint64(round)
			random := rand.New(rand.NewPCG(seed, 0))
			after := 50 + random.IntN(writes-150) // acknowledged writes until the kill

			file := newFile()
			p, rpc := serve(file)
			t := register(ctx, rpc)
			acknowledged, unexpected := writeUntil(ctx, rpc, t, after, p.Kill)
			Expect(unexpected).To(BeEmpty(), "before the kill every write succeeds")
			Expect(len(acknowledged)).To(And(BeNumerically(">=", after), BeNumerically("<", writes)),
				"the kill must come amid the writes")

			intact(ctx, file)
			again := open(ctx, file)
			present := 0
			for n := range writes {
				there := stored(ctx, again, n)
				if there {
					present++
				}
				if acknowledged[n] {
					Expect(there).To(BeTrue(), "write %d was acknowledged and is lost (round %d, seed %d)", n, round, seed)
				}
			}
			_, err := again.PutExecution(ctx, t.put(writes+1))
			Expect(err).NotTo(HaveOccurred(), "the file can be written again")
			GinkgoWriter.Printf("round %d: killed after %d acknowledged writes; %d acknowledged, %d stored\n", round, after,
				len(acknowledged), present)
		}
	})
})

// writeUntil sends all writes at once and calls kill when some have been
// acknowledged. It returns those that were, and the errors from before the kill.
func writeUntil(ctx context.Context, rpc client, t types, after int, kill func()) (acknowledged map[int]bool,
	unexpected []error,
) {
	var mu sync.Mutex
	var killed atomic.Bool
	var all sync.WaitGroup
	acknowledged = map[int]bool{}
	enough := make(chan struct{})
	for n := range writes {
		all.Go(func() {
			_, err := rpc.PutExecution(ctx, t.put(n))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				if !killed.Load() {
					unexpected = append(unexpected, err)
				}
				return
			}
			acknowledged[n] = true
			if len(acknowledged) == after {
				close(enough)
			}
		})
	}
	<-enough
	killed.Store(true)
	kill()
	all.Wait()
	return acknowledged, unexpected
}
