package db_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
)

// spans notes what a database tells a trace.
type spans struct {
	mu    sync.Mutex
	begun []string
	under map[string]string // a span and the one that it is part of
	open  int
	fails []string
}

type spanKey struct{}

type span struct {
	of   *spans
	what string
}

func (s *spans) trace(ctx context.Context, what string) (context.Context, db.Span) {
	if ctx.Value(spanKey{}) == nil {
		return ctx, nil // nobody listens
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = append(s.begun, what)
	s.under[what] = ctx.Value(spanKey{}).(string)
	s.open++
	return context.WithValue(ctx, spanKey{}, what), span{s, what}
}

func (s span) Fail(err error) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.fails = append(s.of.fails, s.what)
}

func (s span) End() {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.open--
}

// A trace hears of each statement in the words in which it is prepared, never of a value, and of each transaction; of
// what failed; and every span ends.
func TestTrace(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		heard := &spans{under: map[string]string{}}
		c.Trace = heard.trace
		d := dbtest.Open(t, c)
		if len(heard.begun) > 0 {
			t.Errorf("where nobody listens: %q", heard.begun)
		}
		ctx := context.WithValue(t.Context(), spanKey{}, "request")
		company := ownership.Company{ID: id(), Name: "Secret Company"}
		if _, err := d.CreateCompany(ctx, admin, company); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Company(ctx, company.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Company(ctx, "none"); !errors.Is(err, resources.ErrNotFound) {
			t.Fatal(err)
		}
		if err := d.PutDomain(ctx, admin, ownership.Domain{Company: "none", Name: "firm.example"}); err == nil {
			t.Fatal("a domain of no company")
		}
		insert := slices.IndexFunc(heard.begun, func(what string) bool { return strings.Contains(what, "insert into companies") })
		if insert < 0 || heard.under[heard.begun[insert]] != db.TransactionSpan || heard.under[db.TransactionSpan] != "request" {
			t.Errorf("spans %q under %v", heard.begun, heard.under)
		}
		if all := strings.Join(heard.begun, " "); strings.Contains(all, "Secret") || strings.Contains(all, company.ID) {
			t.Errorf("spans hold values: %q", heard.begun)
		}
		if heard.open != 0 {
			t.Errorf("%d spans have no end", heard.open)
		}
		if len(heard.fails) == 0 || !slices.Contains(heard.fails, db.TransactionSpan) {
			t.Errorf("failed: %q, want the last transaction", heard.fails)
		}
	})
}

// A transaction that is one's own is told of as any other is.
func TestTrace_OfATransactionThatIsAlone(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		heard := &spans{under: map[string]string{}}
		c.Trace = heard.trace
		d := dbtest.Open(t, c)
		const text = `update companies set name = name where id = 'none'`
		err := db.AloneTx(context.WithValue(t.Context(), spanKey{}, "request"), d, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := db.Exec(ctx, d, tx, text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if heard.under[text] != db.TransactionSpan || heard.under[db.TransactionSpan] != "request" || heard.open != 0 {
			t.Errorf("spans %q under %v, %d of them open", heard.begun, heard.under, heard.open)
		}
	})
}
