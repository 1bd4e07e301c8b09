package db

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"proprio/resources"
)

// maxTries bounds how often a transaction is run when the database asks for another try.
const maxTries = 12

// again runs what is one transaction, and runs it again when the database asks for another try. When tries run out the
// error is resources.ErrBusy.
func (d *DB) again(ctx context.Context, try func() error) error {
	for n := 1; ; n++ {
		err := try()
		if demoted(err) {
			d.writer.leave()
		}
		if err == nil || !retryable(err) {
			return err
		}
		if n == maxTries {
			return &resources.Error{Kind: resources.ErrBusy, Cause: err,
				Detail: fmt.Sprintf("the database stayed contended through %d tries; try again later", n)}
		}
		d.logger.DebugContext(ctx, "transaction tried again", "try", n, "error", err)
		err = pause(ctx, n)
		if err != nil {
			return mapError(err)
		}
	}
}

// pause waits a random time that grows with each try, at most a quarter of a second, so that rivals part.
func pause(ctx context.Context, try int) error {
	longest := min(time.Millisecond<<try, 250*time.Millisecond)
	t := time.NewTimer(rand.N(longest))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
