package registry

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

// A frozenServer does not respond before the caller's context ends.
type frozenServer struct {
	loopingServer
	called chan struct{} // told of each call
}

func (f *frozenServer) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	f.called <- struct{}{}
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

func TestDetectServer_WaitHonorsContext(t *testing.T) {
	server := &frozenServer{called: make(chan struct{}, 1)}
	c := New(mlmdpb.NewMetadataStoreServiceClient(server))
	first, end := context.WithCancel(t.Context())
	asked := make(chan error, 1)
	go func() {
		_, err := c.detectServer(first)
		asked <- err
	}()
	<-server.called

	hurried, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	late := make(chan error, 1)
	go func() {
		_, err := c.detectServer(hurried)
		late <- err
	}()
	select {
	case err := <-late:
		if status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the second caller waits beyond its deadline")
	}
	end()
	if err := <-asked; status.Code(err) != codes.Canceled {
		t.Errorf("the first caller got %v", err)
	}
}
