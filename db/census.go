package db

import (
	"context"
	"time"

	"proprio/resources"
)

// Queue is work that waits, of all companies together.
type Queue struct {
	Name    string
	Waiting int       // MostCounted: so many or more
	Oldest  time.Time // since when the oldest of it waits, as far as it was counted; zero when there is none
}

// MostCounted is how far queues and accounts are counted: enough to see that they grow, and never a scan of a million rows.
const MostCounted = 100_000

// Names of queues.
const (
	QueueDirty    = "dirty"    // objects whose change the planner has not looked at
	QueueAccounts = "accounts" // accounts in apps that are due to be written and whose app is not paused
	QueueAsync    = "async"    // SCIM requests that were accepted to be made later
	QueueSETs     = "sets"     // security event tokens that their receivers have not taken
)

// Queues tells how much waits. It serves the metrics, and names no company.
func (d *DB) Queues(ctx context.Context) ([]Queue, error) {
	var rows []struct {
		Name    string `db:"name"`
		Waiting int    `db:"waiting"`
		Oldest  int64  `db:"oldest"`
	}
	now := micros(d.now())
	err := d.list(ctx, nil, &rows, `
		select '`+QueueDirty+`' as name, count(*) as waiting, coalesce(min(at), 0) as oldest
			from (select marked_at as at from dirty order by marked_at limit ?) q
		union all select '`+QueueAccounts+`', count(*), coalesce(min(at), 0)
			from (select next_attempt as at from accounts a where wanted_gen > done_gen and exists (select 1 from apps p
				where p.company_id = a.company_id and p.id = a.app_id and not p.paused and `+companyServed+`) limit ?) q where at <= ?
		union all select '`+QueueAsync+`', count(*), coalesce(min(at), 0)
			from (select accepted as at from async_requests where finished = 0 limit ?) q
		union all select '`+QueueSETs+`', count(*), coalesce(min(at), 0) from (select at from stream_sets limit ?) q`,
		MostCounted, MostCounted, now, MostCounted, MostCounted)
	queues := make([]Queue, len(rows))
	for i, r := range rows {
		queues[i] = Queue{Name: r.Name, Waiting: r.Waiting, Oldest: fromMicros(r.Oldest)}
	}
	return queues, err
}

// Census is how many there are of what, of all companies together. What is not named is none.
type Census struct {
	Companies int
	Users     map[string]int // by state: active, inactive, held; who is held is active or inactive besides
	Groups    int
	Accounts  map[string]int // in apps, by state, of those that are not settled; counted as far as MostCounted
	Findings  map[string]int // open, by severity
	Domains   map[string]int // by state: proved, missing (proved once, and the DNS record is gone), pending
}

// Census counts. It serves the metrics, and names no company.
func (d *DB) Census(ctx context.Context) (Census, error) {
	var rows []struct {
		Kind  string `db:"kind"`
		State string `db:"state"`
		N     int    `db:"n"`
	}
	err := d.list(ctx, nil, &rows, `
		select 'company' as kind, '' as state, count(*) as n from companies
		union all select 'user', 'inactive', count(*) from resources where user_name_folded is not null and not active
		union all select 'user', 'held', count(*) from resources where hold <> ''
		union all select 'account', state, count(*)
			from (select state from accounts where state in ('pending', 'partial', 'failed') limit ?) q group by state
		union all select 'finding', severity, count(*) from findings where closed = 0 group by severity
		union all select 'domain', case when verified = 0 then 'pending' when missing > 0 then 'missing' else 'proved' end as state, count(*)
			from domains group by 2`, MostCounted)
	c := Census{Users: map[string]int{}, Accounts: map[string]int{}, Findings: map[string]int{}, Domains: map[string]int{}}
	for _, r := range rows {
		switch r.Kind {
		case "company":
			c.Companies = r.N
		case "user":
			c.Users[r.State] = r.N
		case "account":
			c.Accounts[r.State] = r.N
		case "finding":
			c.Findings[r.State] = r.N
		case "domain":
			c.Domains[r.State] = r.N
		}
	}
	if err == nil {
		err = d.countResources(ctx, &c)
	}
	return c, err
}

// countResources adds up the totals that are kept of each company's lists.
func (d *DB) countResources(ctx context.Context, c *Census) error {
	companies, err := d.Companies(ctx)
	users := 0
	for _, company := range companies {
		for typ, n := range map[string]*int{resources.TypeUser: &users, resources.TypeGroup: &c.Groups} {
			page, failed := d.Find(ctx, resources.Caller{Company: company.ID}, resources.Query{Type: typ, StartIndex: 1})
			if failed != nil {
				return failed
			}
			*n += page.Total
		}
	}
	c.Users["active"] = users - c.Users["inactive"]
	return err
}
