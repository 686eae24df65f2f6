package connection

import (
	"context"
	"time"
)

// Repeat calls once until it says that it should not be called again, limit has
// passed, or ctx ends, and returns its last error. It waits between the calls, at
// least for the time that once returns.
func Repeat(ctx context.Context, limit time.Duration, once func() (wait time.Duration, again bool, _ error)) error {
	began := time.Now()
	for try := 0; ; try++ {
		wait, again, err := once()
		if !again {
			return err
		}
		left := limit - time.Since(began)
		if deadline, ok := ctx.Deadline(); ok {
			left = min(left, time.Until(deadline))
		}
		if left < minRemaining || wait >= left {
			return err
		}
		if wait > 0 {
			t := time.NewTimer(wait)
			select {
			case <-t.C:
				continue
			case <-ctx.Done():
				t.Stop()
				return err
			}
		}
		if !pause(ctx, try, left) {
			return err
		}
	}
}
