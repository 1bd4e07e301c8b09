package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/push"
	"proprio/resources"
)

// LinkAccounts implements push.Discoveries.
func (d *DB) LinkAccounts(ctx context.Context, now time.Time, links []push.Decision, entries ...audit.Entry) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		leased, err := d.lockForLinks(ctx, tx, links)
		if err != nil {
			return err
		}
		for _, one := range links {
			if err := d.linkAccount(ctx, tx, now, one, leased[one.App] > micros(now)); err != nil {
				return err
			}
			if err := d.putDecision(ctx, tx, one); err != nil {
				return err
			}
		}
		return d.appendEntries(ctx, tx, entries...)
	})
}

// Unlink implements push.Discoveries.
func (d *DB) Unlink(ctx context.Context, now time.Time, p push.Decision, entry audit.Entry) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		leased, err := d.lockForLinks(ctx, tx, []push.Decision{p})
		if err != nil {
			return err
		}
		own, err := d.oneAccount(ctx, tx, p, `object_id = ?`, p.User)
		switch {
		case err != nil:
			return err
		case own.RemoteID != p.Account || own.Origin != push.OriginLinked:
			return resources.Errorf(resources.ErrNotFound, "", "account %s is not linked to %s any more", p.Name, p.UserName)
		case leased[p.App] > micros(now) && own.due(now):
			return busy(p)
		}
		_, err = d.exec(ctx, tx, `update accounts set remote_id = '', origin = '', written = '', begun = '', moved = false, class = '', error = ''
			where company_id = ? and app_id = ? and id = ?`, p.Company, p.App, own.ID)
		if err == nil && !own.ended() {
			err = d.raiseKnown(ctx, tx, p.Company, now, push.Intent{App: p.App, ObjectType: resources.TypeUser, ObjectID: p.User})
		}
		if err == nil {
			err = d.putDecision(ctx, tx, p)
		}
		if err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, entry)
	})
}

// due says that an account is to be sent.
func (r accountRow) due(now time.Time) bool {
	return r.WantedGen > r.DoneGen && r.NextAttempt <= micros(now)
}

// busy says that a User's account is being sent.
func busy(p push.Decision) error {
	return resources.Errorf(resources.ErrBusy, "", "the account of %s is just being sent to the app: try again in a moment, or pause the app", p.UserName)
}

// lockForLinks locks the rows of apps, which every result is written under, and returns until when a worker holds each.
func (d *DB) lockForLinks(ctx context.Context, tx *sqlx.Tx, decisions []push.Decision) (leased map[string]int64, err error) {
	leased = map[string]int64{}
	for _, p := range decisions {
		if _, locked := leased[p.App]; locked {
			continue
		}
		var until int64
		err := d.get(ctx, tx, &until, `select lease_until from apps where company_id = ? and id = ?`+d.dialect.forUpdate(), p.Company, p.App)
		if err != nil {
			return nil, err
		}
		leased[p.App] = until
	}
	return leased, nil
}

// holderOf is the row that answers for a decision's account; without ID: none does. In a product without an interface there
// is no id to know it by, and it is the one that was seen to.
func (d *DB) holderOf(ctx context.Context, tx *sqlx.Tx, p push.Decision) (accountRow, error) {
	row, err := d.oneAccount(ctx, tx, p, `remote_id = ? and remote_id <> ''`, p.Account)
	if err == nil && row.ID == "" && p.Holder != "" {
		row, err = d.oneAccount(ctx, tx, p, `id = ? and origin <> '' and remote_id = ''`, p.Holder)
	}
	return row, err
}

func (d *DB) oneAccount(ctx context.Context, tx *sqlx.Tx, p push.Decision, where string, arg any) (accountRow, error) {
	var rows []accountRow
	err := d.list(ctx, tx, &rows, `select `+accountColumns+` from accounts where company_id = ? and app_id = ? and object_type = 'User' and `+where,
		p.Company, p.App, arg)
	if err != nil || len(rows) == 0 {
		return accountRow{}, err
	}
	return rows[0], nil
}

// ended says that an account's access was taken away and nothing more is due: what it held may be another's.
func (r accountRow) ended() bool {
	return r.Wish == string(push.WishInactive) && r.State == string(push.StateRemoved) && r.DoneGen >= r.WantedGen
}

// linkAccount makes a remote account a User's. leased says that a worker is in the app.
func (d *DB) linkAccount(ctx context.Context, tx *sqlx.Tx, now time.Time, p push.Decision, leased bool) error {
	holder, err := d.holderOf(ctx, tx, p)
	if err != nil {
		return err
	}
	own, err := d.oneAccount(ctx, tx, p, `object_id = ?`, p.User)
	written := string(p.Written)
	switch {
	case err != nil:
		return err
	case holder.ID != "" && holder.ObjectID == p.User:
		return nil // done already
	case own.RemoteID != "":
		return resources.Errorf(resources.ErrUniqueness, "", "%s has another account in the app already (id %s): nobody can have two", p.UserName, own.RemoteID)
	case own.Origin != "" && own.Written != "":
		return resources.Errorf(resources.ErrUniqueness, "", "%s has another account in the app already: nobody can have two", p.UserName)
	case holder.ID != "" && !holder.ended():
		return resources.Errorf(resources.ErrUniqueness, "", "account %s belongs to %s: it cannot be %s's", p.Name, holder.ObjectName, p.UserName)
	case own.ID != "" && leased && own.due(now):
		return busy(p)
	case holder.ID != "":
		written = holder.Written
		_, err = d.exec(ctx, tx, `update accounts set remote_id = '', origin = '', written = '' where company_id = ? and app_id = ? and id = ?`,
			p.Company, p.App, holder.ID)
		if err != nil {
			return err
		}
	}
	return d.raiseLinked(ctx, tx, now, p, written)
}

// raiseLinked gives a User's row, which is made where there is none, a remote account, and makes it due.
func (d *DB) raiseLinked(ctx context.Context, tx *sqlx.Tx, now time.Time, p push.Decision, written string) error {
	err := d.raise(ctx, tx, p.Company, now, []push.Intent{{App: p.App, ObjectType: resources.TypeUser, ObjectID: p.User, ObjectName: p.UserName,
		Wish: push.WishActive, Rank: push.RankUser}})
	if err != nil {
		return err
	}
	n, err := d.exec(ctx, tx, `update accounts set remote_id = ?, origin = ?, written = ?, begun = '', moved = false, class = '', error = ''
		where company_id = ? and app_id = ? and object_type = 'User' and object_id = ?`,
		p.Account, push.OriginLinked, written, p.Company, p.App, p.User)
	if err == nil && n != 1 {
		err = fmt.Errorf("link account %s: %d rows instead of one", p.Account, n)
	}
	return err
}
