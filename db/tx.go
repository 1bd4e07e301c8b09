package db

import (
	"context"

	"github.com/jmoiron/sqlx"
)

// inTx runs f in one transaction that writes, and commits when f returns nil. When the database refuses because of
// others (deadlock, serialization failure, lock held too long) everything is rolled back and f runs again, so f must
// have no effect but its SQL. When tries run out the error is resources.ErrBusy. f must neither commit nor roll back.
// A transaction that lost its connection is not run again: it may have been committed. Under a context that carries a
// transaction (see Together), f is a part of that one.
func (d *DB) inTx(ctx context.Context, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	if t := d.carried(ctx); t != nil {
		return t.part(ctx, f)
	}
	return d.traced(ctx, func(ctx context.Context) error {
		return d.again(ctx, func() error { return d.tryTx(ctx, false, f) })
	})
}

// aloneTx is inTx for what takes long: on SQLite, where others may share a transaction, this one is f's alone, and ends
// when ctx does.
func (d *DB) aloneTx(ctx context.Context, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	return d.traced(ctx, func(ctx context.Context) error {
		return d.again(ctx, func() error { return d.tryTx(ctx, true, f) })
	})
}

func (d *DB) tryTx(ctx context.Context, alone bool, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	if d.group != nil {
		return d.group.do(ctx, alone, f)
	}
	select {
	case d.writing <- struct{}{}:
		defer func() { <-d.writing }()
	case <-ctx.Done():
		return mapError(ctx.Err())
	}
	tx, err := d.writer.BeginTxx(ctx, nil)
	if err != nil {
		return mapError(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit; frees the connection also when f panics
	err = f(ctx, tx)
	if err == nil {
		err = mapError(tx.Commit())
	}
	return err
}
