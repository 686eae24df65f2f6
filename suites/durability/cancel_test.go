package durability_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/pkg/store/sqlite"
)

var _ = Describe("a caller that gives up", func() {
	for where, reach := range map[string]func(ctx context.Context) client{
		"on a file": func(ctx context.Context) client { return open(ctx, newFile()) },
		"in memory": func(ctx context.Context) client {
			st, err := sqlite.OpenMemory(ctx)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(st.Close)
			return st.Client()
		},
	} {
		It("leaves nothing behind, at whatever moment, "+where, func(ctx SpecContext) {
			rpc := reach(ctx)
			t := register(ctx, rpc)
			whole := duration(ctx, rpc, t)
			random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 0))
			cancelled := 0
			for n := range 300 {
				short, cancel := context.WithTimeout(ctx, time.Duration(random.Int64N(int64(whole))))
				_, err := rpc.PutExecution(short, t.put(n))
				cancel()
				if err == nil { // however fast the machine is by now, some must fail, and some must not
					whole = max(whole*9/10, time.Microsecond)
				} else {
					Expect(status.Code(err)).To(Equal(codes.DeadlineExceeded), "%v", err)
					whole = whole * 11 / 10
					cancelled++
				}
				Expect(stored(ctx, rpc, n)).To(Equal(err == nil), "write %d ended with %v", n, err)
			}
			Expect(cancelled).To(BeNumerically(">", 10), "the time must run out amid some writes")
		})

		It("does not block later writers, however many give up at once, "+where, func(ctx SpecContext) {
			rpc := reach(ctx)
			t := register(ctx, rpc)
			whole := duration(ctx, rpc, t)
			const callers, each = 10, 100
			var all sync.WaitGroup
			for c := range callers {
				all.Go(func() {
					random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), uint64(c)))
					for n := range each {
						short, cancel := context.WithCancel(ctx)
						timer := time.AfterFunc(time.Duration(random.Int64N(4*int64(whole))), cancel)
						rpc.PutExecution(short, t.put(c*each+n))
						timer.Stop()
						cancel()
					}
				})
			}
			all.Wait()
			prompt, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			_, err := rpc.PutExecution(prompt, t.put(callers*each))
			Expect(err).NotTo(HaveOccurred())
			for n := range callers * each {
				stored(ctx, rpc, n) // wholly or not at all
			}
		})
	}

	It("leaves nothing behind when it waits for another writer", func(ctx SpecContext) {
		file := newFile()
		rpc := open(ctx, file)
		t := register(ctx, rpc)
		release := holdUncommitted(ctx, file, t)
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := rpc.PutExecution(short, t.put(1))
		Expect(status.Code(err)).To(Equal(codes.DeadlineExceeded), "%v", err)
		Expect(time.Since(began)).To(BeNumerically("<", 3*time.Second), "the caller's deadline ends the wait")
		release()
		Expect(stored(ctx, rpc, 1)).To(BeFalse())
		_, err = rpc.PutExecution(ctx, t.put(1))
		Expect(err).NotTo(HaveOccurred())
	})

	It("over the network leaves nothing in part, and the server able to write", func(ctx SpecContext) {
		file := newFile()
		p, rpc := serve(file)
		t := register(ctx, rpc)
		whole := duration(ctx, rpc, t)
		for n := range 100 {
			short, cancel := context.WithTimeout(ctx, whole/2)
			rpc.PutExecution(short, t.put(n)) // whether it was in time cannot be known here
			cancel()
		}
		_, err := rpc.PutExecution(ctx, t.put(100))
		Expect(err).NotTo(HaveOccurred())
		code, err := p.Stop() // after what still runs
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(BeZero(), p.Log())
		again := open(ctx, file)
		for n := range 100 {
			stored(ctx, again, n) // wholly or not at all
		}
		Expect(stored(ctx, again, 100)).To(BeTrue())
	})
})

// duration is how long a write takes here, in the mean.
func duration(ctx context.Context, rpc client, t types) time.Duration {
	GinkgoHelper()
	const times = 20
	began := time.Now()
	for n := range times {
		_, err := rpc.PutExecution(ctx, t.put(1_000_000+n))
		Expect(err).NotTo(HaveOccurred())
	}
	return time.Since(began)/times + time.Microsecond
}
