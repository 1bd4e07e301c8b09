package db

import (
	"context"
	"math"
	"sync"
	"sync/atomic"

	"github.com/jmoiron/sqlx"
)

// maxPrepared bounds the statements kept prepared. Filters make texts without end: past the bound what was used longest
// ago makes room.
const maxPrepared = 512

// pool is a set of connections with the statements prepared on them.
type pool struct {
	*sqlx.DB
	kept *shelf
	idle int // connections kept while nobody uses them
}

func newPool(db *sqlx.DB) *pool { return &pool{DB: db, kept: newShelf()} }

// Close closes the statements with their connections.
func (p *pool) Close() error {
	p.kept.clear()
	return p.DB.Close()
}

// shelf keeps statements prepared, by their texts.
type shelf struct {
	mu    sync.RWMutex
	stmts map[string]*keptStatement
	uses  atomic.Int64
}

// keptStatement is a statement on a shelf. It is not closed while somebody uses it.
type keptStatement struct {
	*sqlx.Stmt
	users atomic.Int32
	last  atomic.Int64 // use of the shelf
}

func newShelf() *shelf { return &shelf{stmts: map[string]*keptStatement{}} }

// take finds a statement, for somebody who will be done with it; nil where it is not kept.
func (s *shelf) take(text string) *keptStatement {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k := s.stmts[text]
	if k != nil {
		s.use(k)
	}
	return k
}

func (s *shelf) use(k *keptStatement) {
	k.users.Add(1)
	k.last.Store(s.uses.Add(1))
}

// put keeps a statement that was prepared because it was not there, and takes it. When another one of the same text came
// first, it is that one.
func (s *shelf) put(text string, stmt *sqlx.Stmt) *keptStatement {
	k, surplus := s.place(text, stmt)
	for _, stmt := range surplus {
		_ = stmt.Close() // asks the database, and nobody else need wait for that
	}
	return k
}

func (s *shelf) place(text string, stmt *sqlx.Stmt) (k *keptStatement, surplus []*sqlx.Stmt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k = s.stmts[text]; k != nil {
		s.use(k)
		return k, []*sqlx.Stmt{stmt}
	}
	for len(s.stmts) >= maxPrepared {
		oldest := s.oldest()
		if oldest == "" {
			break // all are in use
		}
		surplus = append(surplus, s.stmts[oldest].Stmt)
		delete(s.stmts, oldest)
	}
	k = &keptStatement{Stmt: stmt}
	s.use(k)
	s.stmts[text] = k
	return k, surplus
}

// oldest is the text of the statement that was used longest ago, of those that nobody uses now.
func (s *shelf) oldest() (text string) {
	before := int64(math.MaxInt64)
	for t, k := range s.stmts {
		if last := k.last.Load(); last < before && k.users.Load() == 0 {
			text, before = t, last
		}
	}
	return text
}

// clear closes all.
func (s *shelf) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.stmts {
		_ = k.Close()
	}
	clear(s.stmts)
}

// statement is a prepared statement that somebody uses until it is done.
type statement struct {
	*sqlx.Stmt
	kept *keptStatement // nil: it could not be prepared
	span Span           // nil: nobody listens
}

func (s statement) done() {
	if s.span != nil {
		s.span.End()
	}
	if s.kept != nil {
		s.kept.users.Add(-1)
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
	kept := p.kept.take(query)
	if kept == nil {
		stmt, err := p.PreparexContext(ctx, d.dialect.rebind(query))
		if err != nil {
			return statement{}, err
		}
		kept = p.kept.put(query, stmt)
	}
	if tx != nil {
		return statement{Stmt: tx.StmtxContext(ctx, kept.Stmt), kept: kept}, nil
	}
	return statement{Stmt: kept.Stmt, kept: kept}, nil
}
