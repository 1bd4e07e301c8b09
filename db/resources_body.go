package db

import (
	"context"
	"errors"
	"time"

	"proprio/resources"
)

// stored is what is in place of a resource that is about to change, and how it compares.
type stored struct {
	Version        int64   `db:"version"`
	UserName       string  `db:"user_name"`
	UserNameFolded *string `db:"user_name_folded"`
	DisplayName    string  `db:"display_name"`
	NameFolded     string  `db:"name_folded"`
	Active         bool    `db:"active"`
	Hold           string  `db:"hold"`
	SameBody       bool    `db:"same_body"`
	SameEmails     bool    `db:"same_emails"`
}

// setBody writes body and index columns where they differ, and returns the version it raised; 0 when they did not. The
// row is locked first, so that what it is compared with stays.
func (w *writer) setBody(ctx context.Context, ch *resources.Change, at time.Time) (int64, error) {
	if done, err := w.setExpected(ctx, ch, at); err != nil {
		return 0, err
	} else if done {
		return ch.Expected + 1, nil
	}
	r, x := ch.Resource, ch.Resource.Index
	var old stored
	err := w.get(ctx, w.tx, &old, `select r.version, r.user_name, r.user_name_folded, r.display_name, r.name_folded,
		r.active, r.hold, r.body = new.doc as same_body,
		(r.body -> 'emails') is not distinct from (new.doc -> 'emails') as same_emails
		from resources r, (select `+w.dialect.doc()+` as doc) as new
		where r.company_id = ? and r.type = ? and r.id = ?`+w.dialect.forUpdate(),
		string(r.Body), w.c.Company, r.Type, r.ID)
	if err != nil {
		return 0, named(err, "%s %q does not exist", r.Type, r.ID)
	}
	err = checkVersion(ch, old.Version)
	if err != nil {
		return 0, err
	}
	hidden, err := w.setHidden(ctx, r)
	if err != nil || old.same(r) && !hidden {
		return 0, err
	}
	err = w.claimName(ctx, ch, old.NameFolded)
	if err != nil {
		return 0, err
	}
	n, err := w.exec(ctx, w.tx, `update resources set version = ?, modified = ?, body = `+w.dialect.doc()+`, user_name = ?,
		user_name_folded = ?, display_name = ?, name_folded = ?, active = ?, hold = ?,
		post_folded = nullif(?, ''), manager = nullif(?, '') where company_id = ? and id = ? and `+rulesHold("?", "?"),
		append([]any{old.Version + 1, micros(at), string(r.Body), x.UserName, userNameKey(r), x.DisplayName, x.NameFolded, x.Active,
			x.Hold, x.PostFolded, x.Manager, w.c.Company, r.ID}, rulesArgs(w.c.Company, ch.Rules)...)...)
	switch {
	case err != nil:
		return 0, taken(err, r)
	case n == 0:
		return 0, resources.RulesChanged()
	}
	err = w.setKeys(ctx, r)
	if err != nil {
		return 0, err
	}
	return old.Version + 1, w.setBeside(ctx, r, old.SameEmails)
}

// setExpected puts a body in the place of the version that is expected, and tells whether it did: most changes name one, and
// need no look at what is there. Where it did not, setBody finds out why. On Postgres applyOne has made such a change already.
func (w *writer) setExpected(ctx context.Context, ch *resources.Change, at time.Time) (bool, error) {
	r, x := ch.Resource, ch.Resource.Index
	if w.dialect.postgres || ch.Expected == 0 || ch.UniqueName || r.Hidden != nil || len(x.Keys) > 0 {
		return false, nil
	}
	n, err := w.exec(ctx, w.tx, `update resources set version = version + 1, modified = ?1, body = ?2, user_name = ?3, user_name_folded = ?4,
			display_name = ?5, name_folded = ?6, active = ?7, hold = ?8, post_folded = nullif(?9, ''), manager = nullif(?10, '')
		where company_id = ?11 and id = ?12 and (type = ?13) is true and version = ?14 and `+rulesHold("?11", "?15")+`
			and (body <> ?2 or user_name <> ?3 or user_name_folded is not ?4 or display_name <> ?5 or name_folded <> ?6
				or active <> ?7 or hold <> ?8)`,
		micros(at), string(r.Body), x.UserName, userNameKey(r), x.DisplayName, x.NameFolded, x.Active, x.Hold, x.PostFolded, x.Manager,
		w.c.Company, r.ID, r.Type, ch.Expected, ch.Rules)
	if err != nil || n == 0 {
		return false, taken(err, r)
	}
	return true, w.setBeside(ctx, r, ch.KeepsEmails)
}

// setBeside writes what hangs on a body beside its own columns.
func (w *writer) setBeside(ctx context.Context, r *resources.Resource, sameEmails bool) error {
	if !sameEmails {
		err := w.replaceEmails(ctx, r)
		if err != nil {
			return err
		}
	}
	if r.Type == resources.TypeUser && (!r.Index.Active || r.Index.Hold != "") {
		return w.endSessions(ctx, r.ID)
	}
	return nil
}

func (o stored) same(r *resources.Resource) bool {
	x, key := r.Index, userNameKey(r)
	sameKey := (key == nil) == (o.UserNameFolded == nil) && (key == nil || *key == *o.UserNameFolded)
	return o.SameBody && sameKey && o.UserName == x.UserName && o.DisplayName == x.DisplayName &&
		o.NameFolded == x.NameFolded && o.Active == x.Active && o.Hold == x.Hold
}

// claimName refuses a Group's name that another Group has. Writers of one name wait for each other, so of two that
// claim it at once, one is refused. A name that does not change is not judged again.
func (w *writer) claimName(ctx context.Context, ch *resources.Change, old string) error {
	name := ch.Resource.Index.NameFolded
	if !ch.UniqueName || name == "" || name == old {
		return nil
	}
	if w.dialect.postgres { // on SQLite there is one writer
		_, err := w.exec(ctx, w.tx, `select pg_advisory_xact_lock(hashtextextended(?, 0))`, w.c.Company+" group "+name)
		if err != nil {
			return err
		}
	}
	var other string
	err := w.get(ctx, w.tx, &other, `select id from resources
		where company_id = ? and type = ? and name_folded = ? and id <> ? limit 1`,
		w.c.Company, ch.Resource.Type, name, ch.Resource.ID)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return nameTaken(ch.Resource)
}

func nameTaken(r *resources.Resource) error {
	return resources.Errorf(resources.ErrUniqueness, "displayName", "another %s is named %q", r.Type, r.Index.DisplayName)
}

// setExternalID writes or forgets the caller's name for a resource, and tells whether that differs from before.
func (w *writer) setExternalID(ctx context.Context, r *resources.Resource) (bool, error) {
	var n int64
	var err error
	if r.ExternalID == "" {
		n, err = w.exec(ctx, w.tx, `delete from external_ids
			where company_id = ? and resource_id = ? and connection_id = ?`, w.c.Company, r.ID, w.c.Connection)
	} else {
		n, err = w.exec(ctx, w.tx, `insert into external_ids (company_id, connection_id, type, resource_id, external_id)
			values (?, ?, ?, ?, ?) on conflict (company_id, resource_id, connection_id)
			do update set external_id = excluded.external_id where external_ids.external_id <> excluded.external_id`,
			w.c.Company, w.c.Connection, r.Type, r.ID, r.ExternalID)
	}
	return n > 0, err
}

func (w *writer) replaceEmails(ctx context.Context, r *resources.Resource) error {
	_, err := w.exec(ctx, w.tx, `delete from emails where company_id = ? and user_id = ?`, w.c.Company, r.ID)
	if err != nil {
		return err
	}
	return w.insertEmails(ctx, r)
}

func (w *writer) insertEmails(ctx context.Context, r *resources.Resource) error {
	if len(r.Index.Emails) == 0 {
		return nil
	}
	const into = `insert into emails (company_id, user_id, position, value, folded, type, is_primary)`
	if !w.dialect.postgres {
		rows := make([][]any, len(r.Index.Emails))
		for i, e := range r.Index.Emails {
			rows[i] = []any{w.c.Company, r.ID, i, e.Value, e.Folded, e.Type, e.Primary}
		}
		return w.insertValues(ctx, w.tx, into, rows, "")
	}
	f := w.dialect.field
	_, err := w.exec(ctx, w.tx, into+`
		select cast(? as text), cast(? as text), `+f(0, "bigint")+`, `+f(1, "")+`, `+f(2, "")+`, `+f(3, "")+`, `+
		f(4, "boolean")+` from `+w.dialect.rows(), w.c.Company, r.ID, emailRows(r))
	return err
}

// emailRows are a User's e-mails as JSON: position, value, folded, type, primary.
func emailRows(r *resources.Resource) string {
	rows := make([][]any, len(r.Index.Emails))
	for i, e := range r.Index.Emails {
		rows[i] = []any{i, e.Value, e.Folded, e.Type, e.Primary}
	}
	return jsonText(rows)
}

// endSessions signs a person out everywhere.
func (w *writer) endSessions(ctx context.Context, user string) error {
	_, err := w.exec(ctx, w.tx, `delete from sessions where company_id = ? and user_id = ?`, w.c.Company, user)
	return err
}

// checkVersion is the compare of compare-and-swap.
func checkVersion(ch *resources.Change, version int64) error {
	if ch.Expected == 0 || ch.Expected == version {
		return nil
	}
	return resources.Errorf(resources.ErrVersion, "", "%s %q has version %d, not %d; read it again",
		ch.Resource.Type, ch.Resource.ID, version, ch.Expected)
}

// userNameKey is the value of the unique column: null for what has no userName.
func userNameKey(r *resources.Resource) *string {
	if r.Index.UserNameFolded == "" {
		return nil
	}
	return &r.Index.UserNameFolded
}

// taken says what a violated unique key means.
func taken(err error, r *resources.Resource) error {
	if !errors.Is(err, resources.ErrUniqueness) {
		return err
	}
	if constraint(err, "resources_post") || constraint(err, "post_folded") { // Postgres names the index, SQLite the column
		return resources.PostTaken()
	}
	if constraint(err, "user_name") {
		return resources.Errorf(resources.ErrUniqueness, "userName", "another User has the userName %q", r.Index.UserName)
	}
	return resources.Errorf(resources.ErrUniqueness, "id", "%s %q exists already", r.Type, r.ID)
}

func isNotFound(err error) bool { return errors.Is(err, resources.ErrNotFound) }
