package server

import (
	"context"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/mlmd-go/sdk/generated/mlmdpb"
)

const (
	readinessInterval = 2 * time.Second
	readinessTimeout  = 2 * time.Second // of one check
)

// watchStore keeps the status of health up to date until ctx ends.
func (r *run) watchStore(ctx context.Context) {
	if r.options.ready == nil {
		return
	}
	ready := true
	for {
		err := r.checkStore(ctx)
		if ctx.Err() != nil {
			return
		}
		if now := err == nil; now != ready {
			ready = now
			r.setReady(ready)
			if ready {
				r.options.log.InfoContext(ctx, "the store answers again")
			} else {
				r.options.log.WarnContext(ctx, "the store does not answer; health is NOT_SERVING", "error", err)
			}
		}
		select {
		case <-time.After(readinessInterval):
		case <-ctx.Done():
			return
		}
	}
}

func (r *run) checkStore(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readinessTimeout)
	defer cancel()
	return r.options.ready(ctx)
}

// setReady sets the status of the MLMD service and of the server as a whole. It
// has no effect after a shutdown has begun.
func (r *run) setReady(ready bool) {
	s := healthpb.HealthCheckResponse_NOT_SERVING
	if ready {
		s = healthpb.HealthCheckResponse_SERVING
	}
	r.health.SetServingStatus("", s)
	r.health.SetServingStatus(mlmdpb.MetadataStoreService_ServiceDesc.ServiceName, s)
}
