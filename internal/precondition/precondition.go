// Package precondition carries options of a put beside the request.
package precondition

import (
	"context"
	"slices"

	"google.golang.org/grpc/metadata"
)

// Servers that do not know a key ignore it, as the reference implementation does.
const (
	// unchangedKey is the key of the request metadata that asks the service to
	// refuse a put of contexts or executions unless the update time of each node
	// in the request is the stored one. MLMD's messages have such an option,
	// called abort_if_latest_updated_time_changed, for artifacts only.
	unchangedKey = "mlmd-abort-if-latest-updated-time-changed"
	// touchKey is the key that asks the service to move the update time of each
	// stored node in a put, even if nothing else changes. MLMD's messages have
	// such an option, called force_update_time, for PutExecution only.
	touchKey = "mlmd-force-update-time"
	// anyKindKey is the key that asks the service to store properties of another
	// kind than their type declares, as programs do that write to its tables.
	anyKindKey = "mlmd-any-property-kind"
)

// With returns a context whose puts fail unless the stored update times are those
// in the request.
func With(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, unchangedKey, "true")
}

// In reports whether the call that ctx belongs to in a service carries the
// condition of [With].
func In(ctx context.Context) bool { return carries(ctx, unchangedKey) }

// WithTouch returns a context whose puts move the update times of stored nodes.
func WithTouch(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, touchKey, "true")
}

// Touches reports whether the call that ctx belongs to in a service carries the
// request of [WithTouch].
func Touches(ctx context.Context) bool { return carries(ctx, touchKey) }

// WithAnyKind returns a context whose puts store properties of another kind than
// their type declares.
func WithAnyKind(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, anyKindKey, "true")
}

// AnyKind reports whether the call that ctx belongs to in a service carries the
// request of [WithAnyKind].
func AnyKind(ctx context.Context) bool { return carries(ctx, anyKindKey) }

func carries(ctx context.Context, key string) bool {
	return slices.Contains(metadata.ValueFromIncomingContext(ctx, key), "true")
}
