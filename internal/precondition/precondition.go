// Package precondition carries a condition on a put beside the request.
package precondition

import (
	"context"
	"slices"

	"google.golang.org/grpc/metadata"
)

// key is the key of the request metadata that asks the service to refuse a put of
// contexts or executions unless the update time of each node in the request is
// the stored one. MLMD's messages have such an option, called
// abort_if_latest_updated_time_changed, for artifacts only. Servers that do not
// know the key ignore it, as the reference implementation does.
const key = "mlmd-abort-if-latest-updated-time-changed"

// With returns a context whose calls carry the condition.
func With(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, key, "true")
}

// In reports whether the call that ctx belongs to in a service carries the
// condition.
func In(ctx context.Context) bool {
	return slices.Contains(metadata.ValueFromIncomingContext(ctx, key), "true")
}
