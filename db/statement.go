package db

import (
	"context"
	"sync"

	"github.com/jmoiron/sqlx"
)

// maxPrepared bounds the statements kept prepared. Filters make texts without end; past the bound they run unprepared.
const maxPrepared = 512

// pool is a set of connections with the statements prepared on them.
type pool struct {
	*sqlx.DB
	mu    sync.RWMutex
	stmts map[string]*sqlx.Stmt
	idle  int // connections kept while nobody uses them
}

func newPool(db *sqlx.DB) *pool { return &pool{DB: db, stmts: map[string]*sqlx.Stmt{}} }

// Close closes the statements with their connections.
func (p *pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.stmts {
		_ = s.Close()
	}
	clear(p.stmts)
	return p.DB.Close()
}

// statement is a prepared statement, kept by the pool or to be closed after use.
type statement struct {
	*sqlx.Stmt
	once bool
	span Span // nil: nobody listens
}

func (s statement) done() {
	if s.span != nil {
		s.span.End()
	}
	if s.once {
		_ = s.Close()
	}
}

// prepared prepares a statement, or finds it prepared.
func (d *DB) prepared(ctx context.Context, tx *sqlx.Tx, query string) (statement, error) {
	tx = d.carriedTx(ctx, tx)
	if tx != nil && d.group != nil {
		return d.group.link.statement(ctx, query)
	}
	p := d.reader
	if tx != nil {
		p = d.writer
	}
	p.mu.RLock()
	s, full := p.stmts[query], len(p.stmts) >= maxPrepared
	p.mu.RUnlock()
	if s == nil && full {
		return d.prepareOnce(ctx, tx, query)
	}
	if s == nil {
		var err error
		s, err = p.prepare(ctx, query, d.dialect.rebind(query))
		if err != nil {
			return statement{}, err
		}
	}
	if tx != nil {
		return statement{Stmt: tx.StmtxContext(ctx, s)}, nil
	}
	return statement{Stmt: s}, nil
}

func (p *pool) prepare(ctx context.Context, query, bound string) (*sqlx.Stmt, error) {
	s, err := p.PreparexContext(ctx, bound)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.stmts[query]; other != nil {
		_ = s.Close()
		return other, nil
	}
	p.stmts[query] = s
	return s, nil
}

func (d *DB) prepareOnce(ctx context.Context, tx *sqlx.Tx, query string) (statement, error) {
	if tx != nil {
		s, err := tx.PreparexContext(ctx, d.dialect.rebind(query))
		return statement{Stmt: s, once: true}, err
	}
	s, err := d.reader.PreparexContext(ctx, d.dialect.rebind(query))
	return statement{Stmt: s, once: true}, err
}
