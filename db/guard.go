package db

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/oidc"
	"proprio/resources"
)

// Lose implements resources.Guards. Users are counted no further than the answer needs.
func (d *DB) Lose(ctx context.Context, c resources.Caller, bound resources.LossBound) (bool, error) {
	var row struct {
		Held   int64 `db:"losses_held"`
		Losses int   `db:"losses"`
	}
	err := d.get(ctx, nil, &row, `select c.losses_held, (select count(*) from losses l where l.company_id = c.company_id
			and l.connection_id = c.id and l.at > ? and l.at > c.losses_from) as losses
		from connections c where c.company_id = ? and c.id = ?`, micros(bound.Since), c.Company, c.Connection)
	if err != nil || row.Held > 0 {
		return row.Held > 0, err
	}
	losses := row.Losses + 1 // with this one
	if losses <= bound.Count {
		return false, nil
	}
	enough := (losses*100 + bound.Share - 1) / bound.Share // so many Users make it a share that is allowed
	var users int
	err = d.get(ctx, nil, &users, `select count(*) from (select 1 from resources where company_id = ? and type = 'User' limit ?) as u`,
		c.Company, enough)
	if err != nil || users >= enough {
		return false, err
	}
	return true, d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		held, err := d.exec(ctx, tx, `update connections set losses_held = ? where company_id = ? and id = ? and losses_held = 0`,
			micros(bound.At), c.Company, c.Connection)
		if err != nil || held == 0 {
			return err
		}
		return d.appendEntries(ctx, tx, audit.Entry{Company: c.Company, At: bound.At, Actor: audit.Actor{Kind: audit.ActorSystem},
			Action: audit.ActionHold, ObjectType: "connection", ObjectID: c.Connection, ObjectName: c.Actor.Name, Changed: []string{"losses"},
			Reason: "it deactivated or deleted too many within a day"})
	})
}

// ResumeLosses implements resources.Connections.
func (d *DB) ResumeLosses(ctx context.Context, actor audit.Actor, company, connection string) error {
	return d.changeAccess(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var name string
		now := d.now()
		err := d.get(ctx, tx, &name, `update connections set losses_held = 0, losses_from = ?
			where company_id = ? and id = ? and losses_held > 0 returning name`, micros(now), company, connection)
		if errors.Is(err, resources.ErrNotFound) { // nothing is held, or there is no such connection
			err = d.get(ctx, tx, &name, `select name from connections where company_id = ? and id = ?`, company, connection)
			return named(err, "connection %q does not exist", connection)
		}
		if err != nil {
			return err
		}
		entry := connectionEntry(actor, audit.ActionRelease, resources.Connection{ID: connection, Company: company, Name: name}, now)
		entry.Changed = []string{"losses"}
		return d.appendEntries(ctx, tx, entry)
	})
}

// Ties implements resources.Guards. An admin who is not bound to a User that is there may be anybody by the address, which
// Standing finds out.
func (d *DB) Ties(ctx context.Context, c resources.Caller, id string) (resources.Ties, error) {
	var row struct {
		Managed  bool `db:"managed"`
		Referred bool `db:"referred"`
		Others   bool `db:"others"`
		Own      bool `db:"own"`
		Standing bool `db:"standing"`
	}
	err := d.get(ctx, nil, &row, `select
		exists (select 1 from resources where company_id = ? and manager = ?) as managed,
		exists (select 1 from attribute_keys where company_id = ? and value = ? and not is_unique) as referred,
		exists (select 1 from external_ids where company_id = ? and resource_id = ? and connection_id <> ? and connection_id <> '') as others,
		exists (select 1 from external_ids where company_id = ? and resource_id = ? and connection_id = ?) as own,
		exists (select 1 from admins a where a.company_id = ? and not a.disabled and a.role = ? and (a.user_id = ?
			or not exists (select 1 from resources r where r.company_id = a.company_id and r.id = a.user_id))) as standing`,
		c.Company, id, c.Company, resources.HashKey(id), c.Company, id, c.Connection, c.Company, id, c.Connection,
		c.Company, string(oidc.RoleAdmin), id)
	return resources.Ties{Managed: row.Managed, Referred: row.Referred, Foreign: row.Others && !row.Own, Standing: row.Standing}, err
}

// addLoss counts a change among the losses, and drops those that no longer count.
func (w *writer) addLoss(ctx context.Context, ch *resources.Change) error {
	at := w.moment(ch)
	_, err := w.exec(ctx, w.tx, `insert into losses (company_id, connection_id, at, object_id) values (?, ?, ?, ?) on conflict do nothing`,
		w.c.Company, w.c.Connection, micros(at), ch.Resource.ID)
	if err != nil {
		return err
	}
	_, err = w.exec(ctx, w.tx, `delete from losses where company_id = ? and connection_id = ? and at < ?`,
		w.c.Company, w.c.Connection, micros(at.AddDate(0, 0, -2)))
	return err
}

// Standing implements resources.Guards. Whose User is whose admin is the sign-in's decision: the User known from the last
// sign-in, else the one with the admin's address (see PersonOf).
func (d *DB) Standing(ctx context.Context, c resources.Caller, user string) (resources.Standing, error) {
	var rows []adminRow
	err := d.list(ctx, nil, &rows, `select `+adminColumns+` from admins where company_id = ? and not disabled and role = ?`,
		c.Company, string(oidc.RoleAdmin))
	var s resources.Standing
	others := false
	for _, row := range rows {
		if err != nil {
			return s, err
		}
		var person oidc.Person
		person, err = d.PersonOf(ctx, c.Company, row.User, row.AddressFolded)
		known := err == nil
		if errors.Is(err, oidc.ErrNotFound) {
			err = nil
		}
		switch {
		case known && person.ID == user:
			s.Admin = true
		case known && person.Active && person.Hold == "", !known && row.User == "": // one who never was in the directory can sign in
			others = true
		}
	}
	if err != nil || !s.Admin {
		return s, err
	}
	s.Last = !others
	var maker string
	err = d.get(ctx, nil, &maker, `select actor_id from audit_entries where company_id = ? and object_type = 'User' and object_id = ?
		and action = ? order by seq limit 1`, c.Company, user, string(audit.ActionCreate))
	if isNotFound(err) {
		err = nil
	}
	s.Made = maker != "" && maker == c.Connection
	return s, err
}
