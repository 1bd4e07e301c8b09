package db

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/jmoiron/sqlx"
)

// together is a transaction that a context carries: all that is read and written under that context is part of it.
type together struct {
	db     *DB
	tx     *sqlx.Tx
	cancel context.CancelFunc // ends the context, so that nothing more is tried in vain
	over   atomic.Bool        // committed or rolled back: whoever kept the context goes on without it
	broken error              // why it cannot be committed any more
	depth  int                // of the part that runs
	points int                // savepoints that stand: part 1 to part n
}

type togetherKey struct{}

// Together implements resources.Store. A part that writes is a savepoint, so one that fails leaves no trace and the rest
// goes on; when the database refuses because of others, all of it is rolled back and f runs again from the beginning.
func (d *DB) Together(ctx context.Context, f func(ctx context.Context) error) error {
	if d.carried(ctx) != nil {
		return d.inTx(ctx, func(ctx context.Context, _ *sqlx.Tx) error { return f(ctx) })
	}
	defer d.keepSets(ctx)
	asked := ctx
	return d.aloneTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		ctx, cancel := context.WithCancel(ctx)
		t := &together{db: d, tx: tx, cancel: cancel}
		defer t.end()
		err := f(context.WithValue(ctx, togetherKey{}, t))
		return firstError(asked.Err(), t.broken, err) // once the caller is gone, the transaction is too
	})
}

// carried is the transaction that a context carries; nil when there is none.
func (d *DB) carried(ctx context.Context) *together {
	t, _ := ctx.Value(togetherKey{}).(*together)
	if t == nil || t.db != d || t.over.Load() {
		return nil
	}
	return t
}

// carriedTx is tx, or else the transaction that the context carries; nil for reading outside any.
func (d *DB) carriedTx(ctx context.Context, tx *sqlx.Tx) *sqlx.Tx {
	if tx == nil {
		if t := d.carried(ctx); t != nil {
			return t.tx
		}
	}
	return tx
}

func (t *together) end() {
	t.over.Store(true)
	t.cancel()
}

// part runs f as a savepoint. The savepoint stays when f succeeds, and the next part of the same depth moves it: that is
// one round trip for both.
func (t *together) part(ctx context.Context, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	if t.broken != nil {
		return t.broken
	}
	t.depth++
	depth := t.depth
	defer func() { t.depth-- }()
	set := fmt.Sprintf("savepoint part%d", depth)
	if t.points >= depth {
		set = fmt.Sprintf("release savepoint part%d; %s", depth, set)
	}
	_, err := t.tx.ExecContext(ctx, set)
	if err != nil {
		return t.fail(err)
	}
	t.points = depth
	err = f(ctx, t.tx)
	if err == nil {
		return nil
	}
	if retryable(err) {
		return t.fail(err)
	}
	_, undo := t.tx.ExecContext(ctx, fmt.Sprintf("rollback to savepoint part%d", depth))
	if undo != nil {
		return t.fail(err) // the whole transaction is gone, and this is why
	}
	t.points = depth
	return err
}

// fail notes that nothing of the transaction can be kept.
func (t *together) fail(err error) error {
	if t.broken == nil {
		t.broken = mapError(err)
		t.cancel()
	}
	return t.broken
}

// failedRead notes that a read failed under a context that carries a transaction: Postgres commits no transaction in which a
// statement outside of any savepoint failed.
func (d *DB) failedRead(ctx context.Context, tx *sqlx.Tx, err error) error {
	if err == nil || isNotFound(err) || tx != nil || !d.dialect.postgres {
		return err
	}
	if t := d.carried(ctx); t != nil && t.depth == 0 {
		_ = t.fail(err)
	}
	return err
}
