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
	leave, err := d.enterWriting(ctx, nil)
	if err != nil {
		return err
	}
	defer leave()
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

// enterWriting waits until one more may write on Postgres, and leave must be called after it; a part of a transaction that
// writes has entered with that. Whoever waits for a row keeps a connection meanwhile: were all kept so, the one who has the
// row would find none to prepare its next statement on.
func (d *DB) enterWriting(ctx context.Context, tx *sqlx.Tx) (leave func(), err error) {
	if tx != nil {
		return func() {}, nil
	}
	select {
	case d.writing <- struct{}{}:
		return func() { <-d.writing }, nil
	case <-ctx.Done():
		return nil, mapError(ctx.Err())
	}
}
