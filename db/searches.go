package db

import (
	"context"
	"fmt"

	"proprio/resources"
)

// searches bounds the searches that no index answers: each may look at every resource of the company. A few run at once,
// so that however many are asked for, there are connections for look-ups.
type searches chan struct{}

// newSearches lets a quarter of the connections search.
func newSearches(connections int) searches { return make(searches, max(connections/4, 1)) }

// bounded answers a search within the time that one may take. One that looks at a whole list waits for its turn, too.
func (d *DB) bounded(
	ctx context.Context, named string, whole bool, search func(context.Context) (*resources.Page, error),
) (*resources.Page, error) {
	limited, cancel := context.WithTimeout(ctx, d.findTime)
	defer cancel()
	run := search
	if whole {
		run = func(ctx context.Context) (*resources.Page, error) { return d.searches.run(ctx, search) }
	}
	page, err := run(limited)
	if limited.Err() != nil && ctx.Err() == nil { // also when the database answered late, because it missed that it need not
		return nil, &resources.Error{Kind: resources.ErrTooMany, Path: named, Cause: err, Detail: fmt.Sprintf(
			"The query was not answered within %s. Narrow it, for example by what userName, externalId or emails eq.", d.findTime)}
	}
	return page, err
}

func (s searches) run(ctx context.Context, search func(context.Context) (*resources.Page, error)) (*resources.Page, error) {
	select {
	case s <- struct{}{}:
		defer func() { <-s }()
		return search(ctx)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// searched is the parameter that makes a query one of unknown cost, and empty when it leads to few resources or to a page;
// whole says that the query looks at every resource in a list.
func (d *DB) searched(c resources.Caller, q resources.Query) (named string, whole bool, err error) {
	order := d.dialect.orderOf(q)
	for _, s := range q.Selections() {
		switch {
		case s.Where != nil && !keyed(s.Where):
			_, found, err := (&compiler{dialect: d.dialect, caller: c, typ: s.Type}).lead(s.Where)
			if err != nil {
				return "", false, err
			}
			named, whole = "filter", whole || !found
		case s.Where == nil && order.sorted && order.column == "":
			whole = true
			if named == "" {
				named = "sortBy"
			}
		}
	}
	return named, whole, nil
}
