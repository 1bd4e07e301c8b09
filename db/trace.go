package db

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"
)

// Trace begins a span: a statement, in the words in which it is prepared and so without any value, or TransactionSpan. It
// returns the context for what is done within, and nil where nobody listens.
type Trace func(ctx context.Context, what string) (context.Context, Span)

// Span is told how what it stands for ended.
type Span interface {
	Fail(err error)
	End()
}

// TransactionSpan stands for a transaction, with the time that it waited for its turn and for the disk.
const TransactionSpan = "transaction"

// statement is a prepared statement for a query written with ? for parameters, in a transaction (tx) or for reading
// (nil).
func (d *DB) statement(ctx context.Context, tx *sqlx.Tx, query string) (statement, error) {
	if d.trace == nil {
		return d.prepared(ctx, tx, query)
	}
	_, span := d.trace(ctx, query)
	s, err := d.prepared(ctx, tx, query)
	s.span = span
	if err != nil {
		_ = s.failed(err)
		s.done()
	}
	return s, err
}

// failed passes an error of the statement on, and notes it where somebody listens.
func (s statement) failed(err error) error {
	if s.span != nil && err != nil && !errors.Is(err, sql.ErrNoRows) {
		s.span.Fail(err)
	}
	return err
}

// traced runs f, a transaction, in a span of its own.
func (d *DB) traced(ctx context.Context, f func(context.Context) error) error {
	if d.trace == nil {
		return f(ctx)
	}
	ctx, span := d.trace(ctx, TransactionSpan)
	if span == nil {
		return f(ctx)
	}
	defer span.End()
	err := f(ctx)
	if err != nil {
		span.Fail(err)
	}
	return err
}
