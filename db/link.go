package db

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
)

// link is the connection of SQLite's one writer, with the statements prepared on it: they stay from one transaction to
// the next. It is used by one goroutine at a time (see group).
type link struct {
	pool *pool
	conn *sqlx.Conn // nil: none yet
	kept *shelf
	lost bool // the transaction was rolled back, whoever did it
}

// begin opens a transaction, which waits for the write lock of other processes. It does not end with any one's context.
func (l *link) begin() (*sqlx.Tx, error) {
	err := l.connect()
	if err != nil {
		return nil, err
	}
	l.lost = false
	return l.conn.BeginTxx(context.Background(), nil)
}

func (l *link) connect() error {
	if l.conn != nil {
		return nil
	}
	ctx := context.Background()
	conn, err := l.pool.Connx(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(c any) error {
		hooks, ok := c.(sqlite.HookRegisterer)
		if !ok {
			return fmt.Errorf("the SQLite driver's %T tells nothing of a rollback", c)
		}
		hooks.RegisterRollbackHook(func() { l.lost = true })
		return nil
	})
	if err != nil {
		_ = conn.Close()
		return err
	}
	l.conn, l.kept = conn, newShelf()
	return nil
}

// run executes one of the writer's own statements.
func (l *link) run(ctx context.Context, query string) error {
	stmt, err := l.statement(ctx, query)
	if err != nil {
		return err
	}
	defer stmt.done()
	_, err = stmt.ExecContext(ctx)
	return err
}

// statement finds a statement prepared, or prepares it. Once the transaction is lost nothing more is run: every
// statement would be a transaction of its own.
func (l *link) statement(ctx context.Context, query string) (statement, error) {
	if l.lost {
		return statement{}, errLost
	}
	kept := l.kept.take(query)
	if kept == nil {
		s, err := l.conn.PreparexContext(ctx, query)
		if err != nil {
			return statement{}, err
		}
		kept = l.kept.put(query, s)
	}
	return statement{Stmt: kept.Stmt, kept: kept}, nil
}

// drop closes a connection whose state is not known. The next transaction gets another.
func (l *link) drop() {
	if l.conn == nil {
		return
	}
	l.kept.clear()
	_ = l.conn.Raw(func(any) error { return driver.ErrBadConn }) // takes it out of the pool
	l.conn, l.kept = nil, nil
}
