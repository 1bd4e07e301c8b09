package db

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/push"
	"proprio/resources"
)

const appColumns = `a.company_id, a.id, a.name, a.profile, a.url, a.responsible, a.scope_groups, a.link_existing,
	a.allow_private, a.paused, a.settings, a.blocked_until, a.blocked_since, a.blocked_reason, a.failures, a.created`

// appRow is a row of apps without its credential and lease.
type appRow struct {
	Company       string `db:"company_id"`
	ID            string `db:"id"`
	Name          string `db:"name"`
	Profile       string `db:"profile"`
	URL           string `db:"url"`
	Responsible   string `db:"responsible"`
	ScopeGroups   string `db:"scope_groups"`
	LinkExisting  bool   `db:"link_existing"`
	AllowPrivate  bool   `db:"allow_private"`
	Paused        bool   `db:"paused"`
	Settings      []byte `db:"settings"`
	BlockedUntil  int64  `db:"blocked_until"`
	BlockedSince  int64  `db:"blocked_since"`
	BlockedReason string `db:"blocked_reason"`
	Failures      int    `db:"failures"`
	Created       int64  `db:"created"`
}

func (r appRow) app() (push.App, error) {
	a := push.App{
		ID: r.ID, Company: r.Company, Name: r.Name, Profile: r.Profile, URL: r.URL, Responsible: r.Responsible,
		LinkExisting: r.LinkExisting, AllowPrivate: r.AllowPrivate, Paused: r.Paused,
		BlockedUntil: fromMicros(r.BlockedUntil), BlockedSince: fromMicros(r.BlockedSince), BlockedReason: r.BlockedReason, Failures: r.Failures,
		Created: fromMicros(r.Created),
	}
	err := json.Unmarshal([]byte(r.ScopeGroups), &a.ScopeGroups)
	if err != nil {
		return push.App{}, fmt.Errorf("app %s: scope groups: %w", r.ID, err)
	}
	if err := json.Unmarshal(r.Settings, &a.Settings); err != nil {
		return push.App{}, fmt.Errorf("app %s: settings: %w", r.ID, err)
	}
	return a, nil
}

func appsOf(rows []appRow) ([]push.App, error) {
	apps := make([]push.App, len(rows))
	for i, r := range rows {
		var err error
		if apps[i], err = r.app(); err != nil {
			return nil, err
		}
	}
	return apps, nil
}

func scopeText(groups []string) string {
	if groups == nil {
		groups = []string{}
	}
	return jsonText(groups)
}

// credentialOf names what a credential belongs to, for the sealer.
func credentialOf(company, app string) string { return "app credential " + company + " " + app }

// CreateApp implements push.Apps.
func (d *DB) CreateApp(ctx context.Context, actor audit.Actor, a push.App, credential []byte) (push.App, error) {
	if a.ID == "" {
		a.ID = newID()
	}
	if a.Created.IsZero() {
		a.Created = d.now()
	}
	sealed, err := d.sealer.Seal(credential, credentialOf(a.Company, a.ID))
	if err != nil {
		return push.App{}, err
	}
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.exec(ctx, tx, `insert into apps (company_id, id, name, profile, url, responsible, scope_groups,
			link_existing, allow_private, paused, settings, credential, blocked_until, blocked_reason, failures, lease_owner,
			lease_until, created) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, '', 0, ?)
			on conflict (company_id, name) do nothing`,
			a.Company, a.ID, a.Name, a.Profile, a.URL, a.Responsible, scopeText(a.ScopeGroups),
			a.LinkExisting, a.AllowPrivate, a.Paused, jsonText(a.Settings), sealed, micros(a.Created))
		if err != nil || n == 0 {
			return err
		}
		return d.appendEntries(ctx, tx, appEntry(actor, audit.ActionCreate, a.Company, a.ID, a.Name, d.now()))
	})
	if err != nil {
		return push.App{}, fmt.Errorf("create app %q: %w", a.Name, err)
	}
	return d.AppByName(ctx, a.Company, a.Name)
}

func appEntry(actor audit.Actor, action audit.Action, company, id, name string, at time.Time, changed ...string) audit.Entry {
	return audit.Entry{Company: company, At: at, Actor: actor, Action: action, ObjectType: "app", ObjectID: id,
		ObjectName: name, Changed: changed}
}

// UpdateApp implements push.Apps.
func (d *DB) UpdateApp(ctx context.Context, actor audit.Actor, company, app string, change func(push.App) (push.App, error)) (after push.App, err error) {
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		before, err := d.app(ctx, tx, company, app)
		if err != nil {
			return err
		}
		if after, err = change(before); err != nil {
			return err
		}
		if before.URL != after.URL {
			return resources.Errorf(resources.ErrInvalidValue, "url",
				"app %s has another address: give its credential with the new one, so that no address gets another's", before.Name)
		}
		after, err = d.setApp(ctx, tx, actor, before, after)
		return err
	})
	return after, err
}

// ReplaceApp implements push.Apps.
func (d *DB) ReplaceApp(
	ctx context.Context, actor audit.Actor, company, app string, credential []byte, change func(push.App) (push.App, error),
) (after push.App, err error) {
	sealed, err := d.sealer.Seal(credential, credentialOf(company, app))
	if err != nil {
		return push.App{}, err
	}
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		before, err := d.app(ctx, tx, company, app)
		if err != nil {
			return err
		}
		if after, err = change(before); err != nil {
			return err
		}
		if after, err = d.setApp(ctx, tx, actor, before, after); err != nil {
			return err
		}
		after.BlockedUntil, after.BlockedSince, after.BlockedReason, after.Failures = time.Time{}, time.Time{}, "", 0
		return d.setAccess(ctx, tx, actor, before, after, sealed)
	})
	return after, err
}

// setAccess writes an app's address with its credential.
func (d *DB) setAccess(ctx context.Context, tx *sqlx.Tx, actor audit.Actor, before, after push.App, sealed []byte) error {
	_, err := d.exec(ctx, tx, `update apps set url = ?, credential = ?, blocked_until = 0, blocked_since = 0, blocked_reason = '', failures = 0
		where company_id = ? and id = ?`, after.URL, sealed, after.Company, after.ID)
	if err == nil && before.URL != after.URL {
		_, err = d.exec(ctx, tx, `update accounts set moved = true where company_id = ? and app_id = ? and remote_id <> ''`, after.Company, after.ID)
	}
	if err != nil {
		return fmt.Errorf("app %q: %w", after.Name, err)
	}
	return d.appendEntries(ctx, tx, appEntry(actor, audit.ActionIssue, after.Company, after.ID, after.Name, d.now(), "credential"))
}

// setApp writes an app's settings without its address. What is new lifts its block, so that it is tried at once; a pause does
// not: the app may have asked for the time until then.
func (d *DB) setApp(ctx context.Context, tx *sqlx.Tx, actor audit.Actor, before, after push.App) (push.App, error) {
	after.Company, after.ID, after.Created = before.Company, before.ID, before.Created
	after.BlockedUntil, after.BlockedSince, after.BlockedReason, after.Failures = before.BlockedUntil, before.BlockedSince, before.BlockedReason, before.Failures
	changed := appChanges(before, after)
	if len(changed) == 0 {
		return after, nil
	}
	if !slices.Equal(changed, []string{"paused"}) {
		after.BlockedUntil, after.BlockedSince, after.BlockedReason, after.Failures = time.Time{}, time.Time{}, "", 0
	}
	_, err := d.exec(ctx, tx, `update apps set name = ?, profile = ?, responsible = ?, scope_groups = ?, link_existing = ?, allow_private = ?,
		paused = ?, settings = ?, blocked_until = ?, blocked_since = ?, blocked_reason = ?, failures = ? where company_id = ? and id = ?`,
		after.Name, after.Profile, after.Responsible, scopeText(after.ScopeGroups), after.LinkExisting, after.AllowPrivate,
		after.Paused, jsonText(after.Settings), micros(after.BlockedUntil), micros(after.BlockedSince), after.BlockedReason, after.Failures,
		after.Company, after.ID)
	if err != nil {
		return after, fmt.Errorf("app %q: %w", after.Name, err)
	}
	return after, d.appendEntries(ctx, tx, appEntry(actor, audit.ActionModify, after.Company, after.ID, after.Name, d.now(), changed...))
}

// appChanges names the settings that differ, sorted.
func appChanges(old, a push.App) []string {
	var names []string
	for _, s := range []struct {
		name    string
		differs bool
	}{
		{"allowPrivate", old.AllowPrivate != a.AllowPrivate},
		{"linkExisting", old.LinkExisting != a.LinkExisting},
		{"name", old.Name != a.Name},
		{"paused", old.Paused != a.Paused},
		{"profile", old.Profile != a.Profile},
		{"responsible", old.Responsible != a.Responsible},
		{"scopeGroups", scopeText(old.ScopeGroups) != scopeText(a.ScopeGroups)},
		{"settings", jsonText(old.Settings) != jsonText(a.Settings)},
		{"url", old.URL != a.URL},
	} {
		if s.differs {
			names = append(names, s.name)
		}
	}
	return names
}

// AppCredential implements push.Apps.
func (d *DB) AppCredential(ctx context.Context, a push.App) ([]byte, error) {
	var row struct {
		URL        string `db:"url"`
		Credential []byte `db:"credential"`
	}
	err := d.get(ctx, nil, &row, `select url, credential from apps where company_id = ? and id = ?`, a.Company, a.ID)
	if err == nil && row.URL != a.URL {
		err = push.ErrMoved
	}
	if err != nil {
		return nil, fmt.Errorf("credential of app %s: %w", a.ID, err)
	}
	return d.sealer.Open(row.Credential, credentialOf(a.Company, a.ID))
}

// RenewCredential implements push.Apps.
func (d *DB) RenewCredential(ctx context.Context, a push.App, from, to []byte) error {
	sealed, err := d.sealer.Seal(to, credentialOf(a.Company, a.ID))
	if err != nil {
		return err
	}
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := d.app(ctx, tx, a.Company, a.ID); err != nil {
			return err
		}
		var row struct {
			Credential []byte `db:"credential"`
		}
		err := d.get(ctx, tx, &row, `select credential from apps where company_id = ? and id = ?`, a.Company, a.ID)
		if err != nil {
			return err
		}
		now, err := d.sealer.Open(row.Credential, credentialOf(a.Company, a.ID))
		if err != nil || !bytes.Equal(now, from) {
			return err
		}
		_, err = d.exec(ctx, tx, `update apps set credential = ? where company_id = ? and id = ?`, sealed, a.Company, a.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("credential of app %s: %w", a.ID, err)
	}
	return nil
}

// App implements push.Apps.
func (d *DB) App(ctx context.Context, company, app string) (push.App, error) {
	return d.app(ctx, nil, company, app)
}

// app reads one app, and locks its row within a transaction.
func (d *DB) app(ctx context.Context, tx *sqlx.Tx, company, app string) (push.App, error) {
	lock := ""
	if tx != nil {
		lock = d.dialect.forUpdate()
	}
	var row appRow
	err := d.get(ctx, tx, &row, `select `+appColumns+` from apps a where a.company_id = ? and a.id = ?`+lock, company, app)
	if err != nil {
		return push.App{}, fmt.Errorf("app %s: %w", app, err)
	}
	return row.app()
}

// AppByName implements push.Apps.
func (d *DB) AppByName(ctx context.Context, company, name string) (push.App, error) {
	var row appRow
	err := d.get(ctx, nil, &row, `select `+appColumns+` from apps a where a.company_id = ? and a.name = ?`, company, name)
	if err != nil {
		return push.App{}, fmt.Errorf("app %q: %w", name, err)
	}
	return row.app()
}

// Apps implements push.Apps.
func (d *DB) Apps(ctx context.Context, company string) ([]push.App, error) {
	var rows []appRow
	err := d.list(ctx, nil, &rows, `select `+appColumns+` from apps a where a.company_id = ? order by a.name, a.id`, company)
	if err != nil {
		return nil, err
	}
	return appsOf(rows)
}

// HasApps implements push.Apps: this query names no company.
func (d *DB) HasApps(ctx context.Context) (some bool, err error) {
	err = d.get(ctx, nil, &some, `select exists (select 1 from apps)`)
	return some, err
}

// BlockApp implements push.Apps.
func (d *DB) BlockApp(ctx context.Context, company, app string, until time.Time, reason string, failures int) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.exec(ctx, tx, `update apps set blocked_until = ?, blocked_reason = ?, failures = ?,
			blocked_since = case when cast(? as bigint) = 0 then 0 when blocked_since = 0 then ? else blocked_since end
			where company_id = ? and id = ?`, micros(until), storable(reason), failures, micros(until), micros(d.now()), company, app)
		if err == nil && n == 0 {
			return resources.Errorf(resources.ErrNotFound, "", "there is no app %s", app)
		}
		return err
	})
}
