package durability_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
	"github.com/mlmd-go/sdk/generated/model"
	"github.com/mlmd-go/sdk/pkg/registry"
	"github.com/mlmd-go/sdk/suites/backend"
)

// A restarting server keeps its address and its file from one process to the
// next.
type restarting struct {
	file, address string
	process       *backend.Process
}

func newRestarting() *restarting {
	GinkgoHelper()
	s := &restarting{file: newFile()}
	p, err := backend.StartProcess("--db=" + s.file)
	Expect(err).NotTo(HaveOccurred())
	s.process, s.address = p, p.Address
	DeferCleanup(func() { s.process.Kill() })
	return s
}

// restart ends the process by end and starts the next one half a second later.
func (s *restarting) restart(end func(*backend.Process)) {
	GinkgoHelper()
	end(s.process)
	time.Sleep(500 * time.Millisecond)
	_, port, err := net.SplitHostPort(s.address)
	Expect(err).NotTo(HaveOccurred())
	s.process, err = backend.StartProcess("--db="+s.file, "--grpc_port="+port)
	Expect(err).NotTo(HaveOccurred())
}

func (s *restarting) client(opts ...registry.DialOption) *registry.Client {
	GinkgoHelper()
	c, err := registry.Dial(s.address, opts...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	return c
}

// deadline is what each call has: longer than a restart, also on a machine
// that has much else to do.
const deadline = 15 * time.Second

func terminate(p *backend.Process) { Expect(p.Stop()).To(BeZero(), p.Log()) }
func kill(p *backend.Process)      { p.Kill() }

// calls makes 300 calls one after the other in three restarts, and returns the
// errors.
func (s *restarting) calls(ctx context.Context, end func(*backend.Process),
	call func(context.Context, int) error,
) (failed []error) {
	GinkgoHelper()
	const all = 300
	var done atomic.Int64
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for n := range all {
			ctx, cancel := context.WithTimeout(ctx, deadline)
			if err := call(ctx, n); err != nil {
				failed = append(failed, fmt.Errorf("call %d: %w", n, err))
			}
			cancel()
			done.Add(1)
			time.Sleep(5 * time.Millisecond)
		}
	}()
	for round := range int64(3) {
		Eventually(done.Load, time.Minute, time.Millisecond).Should(BeNumerically(">=", 50+75*round))
		s.restart(end)
	}
	Eventually(finished, time.Minute).Should(BeClosed())
	return failed
}

var _ = Describe("a server that restarts three times amid 300 calls", func() {
	for name, end := range map[string]func(*backend.Process){"in order": terminate, "by kill -9": kill} {
		It("fails no read, "+name, func(ctx SpecContext) {
			s := newRestarting()
			c := s.client()
			res, err := c.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "m"})
			Expect(err).NotTo(HaveOccurred())
			failed := s.calls(ctx, end, func(ctx context.Context, _ int) error {
				_, err := c.RegisteredModels().Get(ctx, res.ID)
				return err
			})
			fmt.Fprintf(GinkgoWriter, "%d of 300 reads failed\n", len(failed))
			Expect(failed).To(BeEmpty())
		})

		It("fails no upsert and stores nothing twice, "+name, func(ctx SpecContext) {
			s := newRestarting()
			c := s.client()
			res, err := c.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "m"})
			Expect(err).NotTo(HaveOccurred())
			failed := s.calls(ctx, end, func(ctx context.Context, n int) error {
				v := model.ModelVersion{RegisteredModelID: res.ID, Name: fmt.Sprint("v", n)}
				if _, err := c.ModelVersions().Upsert(ctx, &v); err != nil {
					return err
				}
				_, err := c.ModelArtifacts().Upsert(ctx,
					&model.ModelArtifact{ModelVersionID: v.ID, Name: "weights", URI: new(v.Name)})
				return err
			})
			fmt.Fprintf(GinkgoWriter, "%d of 300 upserts failed\n", len(failed))
			Expect(failed).To(BeEmpty())
			s.holds(ctx, c, res.ID, 300)
		})
	}

	It("fails reads where nothing is repeated, so that the others prove something", func(ctx SpecContext) {
		s := newRestarting()
		c := s.client(registry.WithRetryTimeout(0))
		res, err := c.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "m"})
		Expect(err).NotTo(HaveOccurred())
		failed := s.calls(ctx, terminate, func(ctx context.Context, _ int) error {
			_, err := c.RegisteredModels().Get(ctx, res.ID)
			return err
		})
		fmt.Fprintf(GinkgoWriter, "%d of 300 reads failed\n", len(failed))
		Expect(failed).NotTo(BeEmpty())
	})
})

var _ = Describe("a server that is killed amid concurrent upserts", func() {
	It("has each once after the client has repeated them, and none in part", func(ctx SpecContext) {
		const writers, each = 8, 40
		s := newRestarting()
		c := s.client()
		res, err := c.RegisteredModels().Upsert(ctx, &model.RegisteredModel{Name: "m"})
		Expect(err).NotTo(HaveOccurred())
		var done atomic.Int64
		var all sync.WaitGroup
		failed := make(chan error, writers*each)
		for w := range writers {
			all.Go(func() {
				for n := range each {
					ctx, cancel := context.WithTimeout(ctx, 2*deadline)
					v := model.ModelVersion{RegisteredModelID: res.ID, Name: fmt.Sprint("v", w*each+n)}
					_, err := c.ModelVersions().Upsert(ctx, &v)
					if err == nil {
						_, err = c.ModelArtifacts().Upsert(ctx,
							&model.ModelArtifact{ModelVersionID: v.ID, Name: "weights", URI: new(v.Name)})
					}
					cancel()
					if err != nil {
						failed <- err
					}
					done.Add(1)
				}
			})
		}
		for round := range int64(3) {
			Eventually(done.Load, time.Minute, time.Millisecond).Should(BeNumerically(">=", 40+80*round))
			s.restart(kill)
		}
		all.Wait()
		close(failed)
		for err := range failed {
			Fail(err.Error())
		}
		s.holds(ctx, c, res.ID, writers*each)
		intact(ctx, s.file)
	})
})

// holds fails the spec unless the model has that many versions, each with one
// artifact, and the store has nothing else.
func (s *restarting) holds(ctx context.Context, c *registry.Client, id string, versions int) {
	GinkgoHelper()
	seen := map[string]bool{}
	for v, err := range c.ModelVersions().OfModel(id).All(ctx) {
		Expect(err).NotTo(HaveOccurred())
		Expect(seen).NotTo(HaveKey(v.Name))
		seen[v.Name] = true
	}
	Expect(seen).To(HaveLen(versions))
	artifacts := map[string]bool{}
	for a, err := range c.ModelArtifacts().Query().All(ctx) {
		Expect(err).NotTo(HaveOccurred())
		Expect(artifacts).NotTo(HaveKey(*a.URI))
		artifacts[*a.URI] = true
	}
	Expect(artifacts).To(HaveLen(versions))
	rpc := open(ctx, s.file)
	contexts, err := rpc.GetContexts(ctx,
		&mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{MaxResultSize: new(int32(100))}})
	Expect(err).NotTo(HaveOccurred())
	n := len(contexts.GetContexts())
	for contexts.GetNextPageToken() != "" {
		contexts, err = rpc.GetContexts(ctx, &mlmdpb.GetContextsRequest{Options: &mlmdpb.ListOperationOptions{
			MaxResultSize: new(int32(100)), NextPageToken: contexts.NextPageToken,
		}})
		Expect(err).NotTo(HaveOccurred())
		n += len(contexts.GetContexts())
	}
	Expect(n).To(Equal(versions + 1))
}
