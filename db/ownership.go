package db

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/ownership"
)

var (
	_ ownership.Store   = (*DB)(nil)
	_ ownership.Reports = (*DB)(nil)
)

// Observe implements ownership.Store. The app's row is the lock: whoever judges an app reads Users and accounts after
// everybody who judged it before has committed, so an older view never overwrites a newer one.
func (d *DB) Observe(ctx context.Context, app ownership.AppRef, f func(ctx context.Context, o ownership.Observation) error) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		err := d.lockApp(ctx, tx, app)
		if err != nil {
			return err
		}
		return f(ctx, &observation{db: d, tx: tx, app: app})
	})
}

// lockApp makes the row of an app and locks it.
func (d *DB) lockApp(ctx context.Context, tx *sqlx.Tx, app ownership.AppRef) error {
	_, err := d.exec(ctx, tx, `insert into observed_apps (company_id, app_id, name, read_at, tried_at, error) values (?, ?, ?, 0, 0, '')
		on conflict (company_id, app_id) do update set name = excluded.name`, app.Company, app.ID, app.Name)
	return err
}

// ObservedApps implements ownership.Store.
func (d *DB) ObservedApps(ctx context.Context, company string, users ...string) ([]ownership.AppRef, error) {
	query := `select app_id, name from observed_apps where company_id = ? and read_at > 0`
	args := []any{company}
	if len(users) > 0 {
		concerned, more := d.concerned("app_id", company, users)
		query, args = query+` and app_id in (`+concerned+`)`, append(args, more...)
	}
	var rows []struct {
		ID   string `db:"app_id"`
		Name string `db:"name"`
	}
	err := d.list(ctx, nil, &rows, query+` order by app_id`, args...)
	apps := make([]ownership.AppRef, len(rows))
	for i, r := range rows {
		apps[i] = ownership.AppRef{Company: company, ID: r.ID, Name: r.Name}
	}
	return apps, err
}

// concerned is a subquery for a column of the observed accounts that concern some Users: matched to one, bearing an
// address that one has now, or matched to several, whoever they are.
func (d *DB) concerned(column, company string, users []string) (query string, args []any) {
	in, ids := d.dialect.in(), d.dialect.values(users)
	return `select ` + column + ` from observed_accounts where company_id = ? and user_id <> '' and user_id ` + in + `
		union select ` + column + ` from observed_accounts where company_id = ? and ambiguous
		union select a.` + column + ` from observed_addresses a join emails e on e.company_id = a.company_id and e.folded = a.folded
			where a.company_id = ? and e.user_id ` + in + `
		union select a.` + column + ` from observed_addresses a
			join resources r on r.company_id = a.company_id and r.user_name_folded = a.folded
			where a.company_id = ? and r.id ` + in, []any{company, ids, company, company, ids, company, ids}
}

// SettleHeld implements ownership.Store. The company's row is the lock.
func (d *DB) SettleHeld(ctx context.Context, company string, users []string,
	f func(held []ownership.HeldUser, open []ownership.Finding) []ownership.Finding,
) error {
	only := func(column string) (string, []any) {
		if len(users) == 0 {
			return "", []any{company}
		}
		return " and " + column + " " + d.dialect.in(), []any{company, d.dialect.values(users)}
	}
	heldWhere, heldArgs := only("id")
	openWhere, openArgs := only("object_id")
	heldWhere = `(type = 'User') is true and hold <> '' and active` + heldWhere
	openWhere = `closed = 0 and kind = 'held-user' and app_id = ''` + openWhere
	if len(users) > 0 { // nearly always there is nothing, and then nothing is locked
		var some bool
		err := d.get(ctx, nil, &some, `select exists (select 1 from resources where company_id = ? and `+heldWhere+`)
			or exists (select 1 from findings where company_id = ? and `+openWhere+`)`, slices.Concat(heldArgs, openArgs)...)
		if err != nil || !some {
			return err
		}
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var id string
		err := d.get(ctx, tx, &id, `select id from companies where id = ?`+d.dialect.forUpdate(), company)
		if err != nil {
			return noCompany(err)
		}
		var held []struct {
			ID   string `db:"id"`
			Name string `db:"user_name"`
		}
		err = d.list(ctx, tx, &held, `select id, user_name from resources where company_id = ? and `+heldWhere+` order by id`, heldArgs...)
		if err != nil {
			return err
		}
		open, err := d.findings(ctx, tx, `company_id = ? and `+openWhere, openArgs...)
		if err != nil {
			return err
		}
		heldUsers := make([]ownership.HeldUser, len(held))
		for i, h := range held {
			heldUsers[i] = ownership.HeldUser{ID: h.ID, Name: h.Name}
		}
		return d.putFindings(ctx, tx, f(heldUsers, open))
	})
}

// ClaimReading implements ownership.Store.
func (d *DB) ClaimReading(ctx context.Context, app ownership.AppRef, now time.Time, interval time.Duration) (claimed bool, err error) {
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		err := d.lockApp(ctx, tx, app)
		if err != nil {
			return err
		}
		n, err := d.exec(ctx, tx, `update observed_apps set tried_at = ? where company_id = ? and app_id = ? and tried_at <= ?`,
			micros(now), app.Company, app.ID, micros(now.Add(-interval)))
		claimed = n == 1
		return err
	})
	return claimed, err
}

// FailReading implements ownership.Store.
func (d *DB) FailReading(ctx context.Context, app ownership.AppRef, at time.Time, why string) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		err := d.lockApp(ctx, tx, app)
		if err != nil {
			return err
		}
		_, err = d.exec(ctx, tx, `update observed_apps set tried_at = ?, error = ? where company_id = ? and app_id = ?`,
			micros(at), storable(why), app.Company, app.ID)
		return err
	})
}

const accountChunk = 500 // accounts or addresses in one statement

// observation is what is known of one app, within a transaction that holds the app's row.
type observation struct {
	db  *DB
	tx  *sqlx.Tx
	app ownership.AppRef
}

// Accounts implements ownership.Observation. Remote ids of other apps in the subquery do no harm: they only widen it.
func (o *observation) Accounts(ctx context.Context, users ...string) ([]ownership.ObservedAccount, error) {
	where, args := `a.company_id = ? and a.app_id = ?`, []any{o.app.Company, o.app.ID}
	if len(users) > 0 {
		concerned, more := o.db.concerned("remote_id", o.app.Company, users)
		where, args = where+` and (a.administrator and a.active or a.remote_id in (`+concerned+`))`, append(args, more...)
	}
	return o.db.observed(ctx, o.tx, where+` order by a.remote_id`, args...)
}

// Named implements ownership.Observation.
func (o *observation) Named(ctx context.Context, remoteIDs []string) ([]ownership.ObservedAccount, error) {
	return o.db.observed(ctx, o.tx, `a.company_id = ? and a.app_id = ? and (a.administrator and a.active or a.remote_id `+
		o.db.dialect.in()+`) order by a.remote_id`, o.app.Company, o.app.ID, o.db.dialect.values(remoteIDs))
}

// Domains implements ownership.Observation.
func (o *observation) Domains(ctx context.Context) ([]ownership.Domain, error) {
	return o.db.domains(ctx, o.tx, o.app.Company)
}

// Responsible implements ownership.Observation.
func (o *observation) Responsible(ctx context.Context) (address string, err error) {
	err = o.db.get(ctx, o.tx, &address, `select responsible from apps where company_id = ? and id = ?`, o.app.Company, o.app.ID)
	return address, err
}

// OpenFindings implements ownership.Observation.
func (o *observation) OpenFindings(ctx context.Context) ([]ownership.Finding, error) {
	return o.db.findings(ctx, o.tx, `closed = 0 and company_id = ? and app_id = ?`, o.app.Company, o.app.ID)
}

// UsersByAddress implements ownership.Observation.
func (o *observation) UsersByAddress(ctx context.Context, addresses []string) (map[string][]ownership.Holder, error) {
	return o.db.holders(ctx, o.tx, o.app.Company, addresses)
}

// holders are the Users that have one of some folded names or addresses, by it.
func (d *DB) holders(ctx context.Context, tx *sqlx.Tx, company string, folded []string) (ownership.Holders, error) {
	in := d.dialect.in()
	query := `select r.user_name_folded as folded, r.id, r.active, r.hold <> '' as held from resources r
			where r.company_id = ? and r.type = 'User' and r.user_name_folded ` + in + `
		union select e.folded, r.id, r.active, r.hold <> '' as held from emails e
			join resources r on r.company_id = e.company_id and r.id = e.user_id
			where e.company_id = ? and e.folded ` + in
	found := ownership.Holders{}
	for chunk := range slices.Chunk(folded, accountChunk) {
		var rows []struct {
			Folded string `db:"folded"`
			ID     string `db:"id"`
			Active bool   `db:"active"`
			Held   bool   `db:"held"`
		}
		values := d.dialect.values(chunk)
		err := d.list(ctx, tx, &rows, query, company, values, company, values)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			found[r.Folded] = append(found[r.Folded], ownership.Holder{ID: r.ID, Active: r.Active, Held: r.Held})
		}
	}
	return found, nil
}

// Save implements ownership.Observation.
func (o *observation) Save(ctx context.Context, c ownership.Conclusions) error {
	err := o.remove(ctx, c.Gone)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(c.Accounts, accountChunk) {
		err = o.put(ctx, chunk)
		if err != nil {
			return err
		}
	}
	err = o.db.putFindings(ctx, o.tx, c.Findings)
	if err != nil {
		return err
	}
	if !c.ReadAt.IsZero() {
		_, err = o.db.exec(ctx, o.tx, `update observed_apps set read_at = ?, tried_at = ?, error = '' where company_id = ? and app_id = ?`,
			micros(c.ReadAt), micros(c.ReadAt), o.app.Company, o.app.ID)
	}
	if err != nil || c.Entry == nil {
		return err
	}
	return o.db.appendEntries(ctx, o.tx, *c.Entry)
}

// remove deletes accounts; their addresses go with them.
func (o *observation) remove(ctx context.Context, remoteIDs []string) error {
	for chunk := range slices.Chunk(remoteIDs, accountChunk) {
		_, err := o.db.exec(ctx, o.tx, `delete from observed_accounts where company_id = ? and app_id = ? and remote_id `+o.db.dialect.in(),
			o.app.Company, o.app.ID, o.db.dialect.values(chunk))
		if err != nil {
			return err
		}
	}
	return nil
}

// put writes accounts with their addresses: new ones, and in the place of those that changed.
func (o *observation) put(ctx context.Context, accounts []ownership.ObservedAccount) error {
	ids := make([]string, len(accounts))
	rows := make([][]any, len(accounts))
	var addresses [][]any
	for i, a := range accounts {
		ids[i] = a.RemoteID
		rows[i] = []any{a.RemoteID, a.UserName, a.DisplayName, jsonText(a.Emails), jsonText(a.Logins), a.Active, jsonText(a.Roles),
			a.Administrator, a.ExternalID, a.EmployeeNumber, a.User, a.Has(ownership.ReasonAmbiguous), string(a.Verdict), jsonText(a.Reasons)}
		for _, folded := range a.AddressKeys() {
			addresses = append(addresses, []any{a.RemoteID, folded})
		}
	}
	err := o.remove(ctx, ids)
	if err != nil {
		return err
	}
	q := o.db.dialect
	_, err = o.db.exec(ctx, o.tx, `insert into observed_accounts (company_id, app_id, remote_id, user_name, display_name, emails, logins,
			active, roles, administrator, external_id, employee_number, user_id, ambiguous, verdict, reasons)
		select ?, ?, `+q.field(0, "")+`, `+q.field(1, "")+`, `+q.field(2, "")+`, `+q.field(3, "")+`, `+q.field(4, "")+`, `+
		q.field(5, "boolean")+`, `+q.field(6, "")+`, `+q.field(7, "boolean")+`, `+q.field(8, "")+`, `+
		q.field(9, "")+`, `+q.field(10, "")+`, `+q.field(11, "boolean")+`, `+q.field(12, "")+`, `+q.field(13, "")+`
		from `+q.rows(), o.app.Company, o.app.ID, jsonText(rows))
	if err != nil {
		return err
	}
	_, err = o.db.exec(ctx, o.tx, `insert into observed_addresses (company_id, app_id, remote_id, folded)
		select ?, ?, `+q.field(0, "")+`, `+q.field(1, "")+` from `+q.rows(), o.app.Company, o.app.ID, jsonText(addresses))
	return err
}

// fromJSON reads a list that jsonText wrote; an empty one is nil.
func fromJSON[T ~string](s string) []T {
	var list []T
	err := json.Unmarshal([]byte(s), &list)
	if err != nil || len(list) == 0 {
		return nil
	}
	return list
}
