package db

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
)

// writer applies changes within one transaction. It collects entries and marks, which are written at its end, each kind
// in one statement.
type writer struct {
	*DB
	tx      *sqlx.Tx
	c       resources.Caller
	txn     string // of all its entries
	entries []audit.Entry
	marks   map[object]bool
}

func (d *DB) newWriter(tx *sqlx.Tx, c resources.Caller) *writer {
	w := &writer{DB: d, tx: tx, c: c, txn: c.Txn, marks: map[object]bool{}}
	if w.txn == "" {
		w.txn = newID()
	}
	return w
}

// Apply implements resources.Store.
func (d *DB) Apply(ctx context.Context, c resources.Caller, changes ...resources.Change) ([]resources.Applied, error) {
	defer d.keepSets(ctx)
	applied, err := d.applyAll(ctx, c, changes)
	if err == nil {
		d.grew(c, changes)
	}
	return applied, err
}

func (d *DB) applyAll(ctx context.Context, c resources.Caller, changes []resources.Change) ([]resources.Applied, error) {
	for i := range changes {
		err := checkTexts(changes[i].Resource)
		if err != nil {
			return nil, err
		}
	}
	if len(changes) == 1 {
		one, ok, err := d.applyOne(ctx, c, &changes[0])
		if err != nil {
			return nil, err
		}
		if ok {
			return []resources.Applied{one}, nil
		}
	}
	var applied []resources.Applied
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		w := d.newWriter(tx, c)
		if loadable(changes) {
			var err error
			applied, err = w.load(ctx, changes)
			if err != nil {
				return err
			}
			return w.finish(ctx)
		}
		applied = make([]resources.Applied, len(changes))
		err := w.lockAll(ctx, changes)
		if err != nil {
			return err
		}
		for i := range changes {
			a, err := w.apply(ctx, &changes[i])
			if err != nil {
				return err
			}
			applied[i] = a
		}
		return w.finish(ctx)
	})
	if err != nil {
		return nil, err
	}
	return applied, nil
}

// lockAll takes the rows of several changes in the order of their ids, so that callers who change the same objects in
// different orders wait for each other instead of blocking each other for good.
func (w *writer) lockAll(ctx context.Context, changes []resources.Change) error {
	if !w.dialect.postgres || len(changes) < 2 {
		return nil
	}
	ids := make([]string, len(changes))
	for i := range changes {
		ids[i] = changes[i].Resource.ID
	}
	return w.lock(ctx, ids)
}

// lock takes rows of resources, for Postgres.
func (w *writer) lock(ctx context.Context, ids []string) error {
	var locked []string
	return w.list(ctx, w.tx, &locked, `select id from resources where company_id = ? and id `+w.dialect.in()+
		` order by id`+w.dialect.forUpdate(), w.c.Company, w.dialect.values(ids))
}

func (w *writer) apply(ctx context.Context, ch *resources.Change) (a resources.Applied, err error) {
	err = firstError(w.checkDefinition(ctx, ch), w.holdReferred(ctx, ch))
	if err != nil {
		return a, err
	}
	switch ch.Action {
	case audit.ActionRemove:
		a, err = w.remove(ctx, ch)
	case audit.ActionCreate:
		a, err = w.create(ctx, ch)
	default:
		a, err = w.update(ctx, ch)
	}
	if err == nil && ch.Loss && a.Changed {
		err = w.addLoss(ctx, ch)
	}
	return a, err
}

// finish writes what all changes gave rise to. Marks come last: their rows are what different changes share most.
func (w *writer) finish(ctx context.Context) error {
	err := w.appendEntries(ctx, w.tx, w.entries...)
	if err != nil {
		return err
	}
	return w.writeMarks(ctx)
}

// insertResource makes a row of resources at version 1, where the rules by which it was judged are in place.
func (d dialect) insertResource() string {
	return `insert into resources (company_id, id, type, version, created, modified, body, user_name,
		user_name_folded, display_name, name_folded, active, hold, post_folded, manager)
		select cast(? as text), cast(? as text), cast(? as text), 1, cast(? as bigint), cast(? as bigint), ` + d.doc() + `,
		cast(? as text), cast(? as text), cast(? as text), cast(? as text), cast(? as boolean), cast(? as text),
		nullif(cast(? as text), ''), nullif(cast(? as text), '') where ` + rulesHold("?", "?")
}

// create inserts a resource at version 1 with everything beside it.
func (w *writer) create(ctx context.Context, ch *resources.Change) (resources.Applied, error) {
	r, at := ch.Resource, w.moment(ch)
	created := r.Created
	if created.IsZero() {
		created = at
	}
	err := w.claimName(ctx, ch, "")
	if err != nil {
		return resources.Applied{}, err
	}
	x := r.Index
	n, err := w.exec(ctx, w.tx, w.dialect.insertResource(), append([]any{w.c.Company, r.ID, r.Type, micros(created), micros(at), string(r.Body),
		x.UserName, userNameKey(r), x.DisplayName, x.NameFolded, x.Active, x.Hold, x.PostFolded, x.Manager},
		rulesArgs(w.c.Company, ch.Rules)...)...)
	switch {
	case err != nil:
		return resources.Applied{}, taken(err, r)
	case n == 0:
		return resources.Applied{}, resources.RulesChanged()
	}
	_, err = w.setHidden(ctx, r)
	if err == nil {
		err = w.setKeys(ctx, r)
	}
	if err == nil {
		err = w.insertEmails(ctx, r)
	}
	if err == nil && ch.SetExternalID && r.ExternalID != "" {
		_, err = w.setExternalID(ctx, r)
	}
	if err == nil && ch.Members != nil {
		_, err = w.changeMembers(ctx, r.ID, *ch.Members)
	}
	if err != nil {
		return resources.Applied{}, err
	}
	w.note(ch, at, 1, x.UserName, x.DisplayName)
	return resources.Applied{Version: 1, Changed: true}, nil
}

// update changes a resource that exists. Its version is raised once, and only when something differs.
func (w *writer) update(ctx context.Context, ch *resources.Change) (resources.Applied, error) {
	r, at := ch.Resource, w.moment(ch)
	var version int64 // 0: not raised yet
	var err error
	if ch.SetBody {
		version, err = w.setBody(ctx, ch, at)
		if err != nil {
			return resources.Applied{}, err
		}
	}
	beside := false
	if ch.SetExternalID {
		beside, err = w.setExternalID(ctx, r)
		if err != nil {
			return resources.Applied{}, err
		}
	}
	if ch.Members != nil {
		moved, err := w.changeMembers(ctx, r.ID, *ch.Members)
		if err != nil {
			return resources.Applied{}, err
		}
		beside = beside || moved
	}
	if version != 0 {
		w.note(ch, at, version, r.Index.UserName, r.Index.DisplayName)
		return resources.Applied{Version: version, Changed: true}, nil
	}
	if !beside {
		found, err := w.expect(ctx, ch)
		if err != nil {
			return resources.Applied{}, err
		}
		return resources.Applied{Version: found.Version, Resource: found}, nil
	}
	raised, err := w.raise(ctx, ch, at)
	if err != nil {
		return resources.Applied{}, err
	}
	noted := *ch
	noted.Resource = raised
	w.note(&noted, at, raised.Version, raised.Index.UserName, raised.Index.DisplayName)
	return resources.Applied{Version: raised.Version, Changed: true, Resource: raised}, nil
}

// note records the change for the audit and marks its object.
func (w *writer) note(ch *resources.Change, at time.Time, version int64, userName, displayName string) {
	e := w.entryOf(ch, at)
	e.Version = version
	if e.ObjectName == "" {
		e.ObjectName = userName
	}
	if e.ObjectName == "" {
		e.ObjectName = displayName
	}
	w.entries = append(w.entries, e)
	w.mark(ch.Resource.Type, ch.Resource.ID)
}

// entryOf is a change's entry, but for what only the stored resource tells: version and name.
func (w *writer) entryOf(ch *resources.Change, at time.Time) audit.Entry {
	e := ch.Audit
	e.Company, e.Txn = w.c.Company, w.txn
	e.InForce = ch.Action != audit.ActionRemove && ch.Resource.Index.Active && ch.Resource.Index.Hold == ""
	if e.ExternalIDs == nil && ch.Resource.ExternalID != "" {
		e.ExternalIDs = map[string]string{w.c.Connection: ch.Resource.ExternalID}
	}
	if e.At.IsZero() {
		e.At = at
	}
	if e.Actor == (audit.Actor{}) {
		e.Actor = w.c.Actor
	}
	if e.Action == "" {
		e.Action = ch.Action
	}
	if e.ObjectType == "" {
		e.ObjectType = ch.Resource.Type
	}
	if e.ObjectID == "" {
		e.ObjectID = ch.Resource.ID
	}
	return e
}

// moment is when a change happens.
func (w *writer) moment(ch *resources.Change) time.Time {
	if ch.Resource.LastModified.IsZero() {
		return w.now()
	}
	return ch.Resource.LastModified
}
