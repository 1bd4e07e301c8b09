package db

import (
	"context"
	"fmt"

	"proprio/resources"
)

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
