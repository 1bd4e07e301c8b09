package db

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"proprio/ownership"
)

type observedRow struct {
	Company        string `db:"company_id"`
	App            string `db:"app_id"`
	RemoteID       string `db:"remote_id"`
	UserName       string `db:"user_name"`
	DisplayName    string `db:"display_name"`
	Emails         string `db:"emails"`
	Logins         string `db:"logins"`
	Active         bool   `db:"active"`
	Roles          string `db:"roles"`
	Administrator  bool   `db:"administrator"`
	ExternalID     string `db:"external_id"`
	EmployeeNumber string `db:"employee_number"`
	User           string `db:"user_id"`
	Verdict        string `db:"verdict"`
	Reasons        string `db:"reasons"`
	ReadAt         int64  `db:"read_at"`
}

func (r observedRow) account() ownership.ObservedAccount {
	return ownership.ObservedAccount{
		Company: r.Company, App: r.App, RemoteID: r.RemoteID, UserName: r.UserName, DisplayName: r.DisplayName,
		Emails: fromJSON[string](r.Emails), Logins: fromJSON[string](r.Logins), Active: r.Active, Roles: fromJSON[string](r.Roles),
		Administrator: r.Administrator, ExternalID: r.ExternalID, EmployeeNumber: r.EmployeeNumber, User: r.User, Verdict: ownership.Verdict(r.Verdict),
		Reasons: fromJSON[ownership.Reason](r.Reasons), ReadAt: fromMicros(r.ReadAt),
	}
}

// observed lists accounts (a) of apps (p) that meet a condition, which names the company.
func (d *DB) observed(ctx context.Context, tx *sqlx.Tx, where string, args ...any) ([]ownership.ObservedAccount, error) {
	var rows []observedRow
	err := d.list(ctx, tx, &rows, `select a.company_id, a.app_id, a.remote_id, a.user_name, a.display_name, a.emails, a.logins, a.active,
			a.roles, a.administrator, a.external_id, a.employee_number, a.user_id, a.verdict, a.reasons, p.read_at
		from observed_accounts a join observed_apps p on p.company_id = a.company_id and p.app_id = a.app_id where `+where, args...)
	accounts := make([]ownership.ObservedAccount, len(rows))
	for i, r := range rows {
		accounts[i] = r.account()
	}
	return accounts, err
}

// Observed implements ownership.Reports.
func (d *DB) Observed(ctx context.Context, company, app string) ([]ownership.ObservedAccount, error) {
	return d.observed(ctx, nil, `a.company_id = ? and a.app_id = ?
		order by case a.verdict when 'red' then 0 when 'amber' then 1 else 2 end, a.user_name, a.remote_id`, company, app)
}

// ObservedNamed implements ownership.Store.
func (d *DB) ObservedNamed(ctx context.Context, app ownership.AppRef, remoteIDs []string) (accounts []ownership.ObservedAccount, read bool, err error) {
	var reads int
	err = d.get(ctx, nil, &reads, `select count(*) from observed_apps where company_id = ? and app_id = ? and read_at > 0`,
		app.Company, app.ID)
	if err != nil || reads == 0 {
		return nil, false, err
	}
	accounts, err = d.observed(ctx, nil, `a.company_id = ? and a.app_id = ? and a.remote_id `+d.dialect.in(),
		app.Company, app.ID, d.dialect.values(remoteIDs))
	return accounts, true, err
}

// ObservedOf implements ownership.Reports.
func (d *DB) ObservedOf(ctx context.Context, company, user string) ([]ownership.ObservedAccount, error) {
	return d.observed(ctx, nil, `a.company_id = ? and a.user_id = ? and a.user_id <> '' order by p.name, a.app_id, a.remote_id`, company, user)
}

// Readings implements ownership.Reports.
func (d *DB) Readings(ctx context.Context, company string) (map[string]ownership.Reading, error) {
	var rows []struct {
		App      string `db:"app_id"`
		ReadAt   int64  `db:"read_at"`
		TriedAt  int64  `db:"tried_at"`
		Error    string `db:"error"`
		Accounts int    `db:"accounts"`
	}
	err := d.list(ctx, nil, &rows, `select p.app_id, p.read_at, p.tried_at, p.error,
			(select count(*) from observed_accounts a where a.company_id = p.company_id and a.app_id = p.app_id) as accounts
		from observed_apps p where p.company_id = ?`, company)
	readings := make(map[string]ownership.Reading, len(rows))
	for _, r := range rows {
		readings[r.App] = ownership.Reading{App: r.App, ReadAt: fromMicros(r.ReadAt), TriedAt: fromMicros(r.TriedAt),
			Error: r.Error, Accounts: r.Accounts}
	}
	return readings, err
}

type findingRow struct {
	ID         string `db:"id"`
	Company    string `db:"company_id"`
	Kind       string `db:"kind"`
	Severity   string `db:"severity"`
	App        string `db:"app_id"`
	ObjectType string `db:"object_type"`
	ObjectID   string `db:"object_id"`
	ObjectName string `db:"object_name"`
	Owner      string `db:"owner"`
	Cure       string `db:"cure"`
	Opened     int64  `db:"opened"`
	Due        int64  `db:"due"`
	Closed     int64  `db:"closed"`
}

// findings lists findings that meet a condition, which names the company, most severe first, then by due date.
func (d *DB) findings(ctx context.Context, tx *sqlx.Tx, where string, args ...any) ([]ownership.Finding, error) {
	var rows []findingRow
	err := d.list(ctx, tx, &rows, `select id, company_id, kind, severity, app_id, object_type, object_id, object_name, owner,
		cure, opened, due, closed from findings where `+where+` order by rank, due, id`, args...)
	list := make([]ownership.Finding, len(rows))
	for i, r := range rows {
		list[i] = ownership.Finding{
			ID: r.ID, Company: r.Company, Kind: ownership.FindingKind(r.Kind), Severity: ownership.Severity(r.Severity), App: r.App,
			ObjectType: r.ObjectType, ObjectID: r.ObjectID, ObjectName: r.ObjectName, Owner: r.Owner, Cure: fromJSON[string](r.Cure),
			Opened: fromMicros(r.Opened), Due: fromMicros(r.Due), Closed: fromMicros(r.Closed),
		}
	}
	return list, err
}

// Findings implements ownership.Reports.
func (d *DB) Findings(ctx context.Context, company string) ([]ownership.Finding, error) {
	return d.findings(ctx, nil, `closed = 0 and company_id = ?`, company)
}

// putFindings writes findings: new ones, and in the place of those that changed.
func (d *DB) putFindings(ctx context.Context, tx *sqlx.Tx, findings []ownership.Finding) error {
	q := d.dialect
	for chunk := range slices.Chunk(findings, accountChunk) {
		rows := make([][]any, len(chunk))
		for i, f := range chunk {
			rows[i] = []any{f.Company, f.ID, string(f.Kind), string(f.Severity), f.Severity.Rank(), f.App, f.ObjectType, f.ObjectID,
				f.ObjectName, f.Owner, jsonText(f.Cure), micros(f.Opened), micros(f.Due), micros(f.Closed)}
		}
		// "where true" keeps SQLite from reading "on conflict" as the condition of a join.
		_, err := d.exec(ctx, tx, `insert into findings (company_id, id, kind, severity, rank, app_id, object_type, object_id, object_name,
				owner, cure, opened, due, closed)
			select `+q.field(0, "")+`, `+q.field(1, "")+`, `+q.field(2, "")+`, `+q.field(3, "")+`, `+q.field(4, "bigint")+`, `+
			q.field(5, "")+`, `+q.field(6, "")+`, `+q.field(7, "")+`, `+q.field(8, "")+`, `+q.field(9, "")+`, `+
			q.field(10, "")+`, `+q.field(11, "bigint")+`, `+q.field(12, "bigint")+`, `+q.field(13, "bigint")+` from `+q.rows()+` where true
			on conflict (company_id, id) do update set severity = excluded.severity, rank = excluded.rank,
				object_name = excluded.object_name, owner = excluded.owner, cure = excluded.cure, due = excluded.due, closed = excluded.closed`, jsonText(rows))
		if err != nil {
			return err
		}
	}
	return nil
}
