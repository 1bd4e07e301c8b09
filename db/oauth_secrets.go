package db

import (
	"context"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
	"proprio/scim/oauth"
)

type secretRow struct {
	ID       string `db:"id"`
	Client   string `db:"client_id"`
	Hash     []byte `db:"hash"`
	Created  int64  `db:"created"`
	LastUsed int64  `db:"last_used"`
}

func (row secretRow) secret() oauth.Secret {
	s := oauth.Secret{ID: row.ID, Created: fromMicros(row.Created), LastUsed: fromMicros(row.LastUsed)}
	copy(s.Hash[:], row.Hash)
	return s
}

// AddSecret implements oauth.Clients.
func (d *DB) AddSecret(ctx context.Context, actor audit.Actor, company, client string, s oauth.Secret) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var row clientRow // what two callers at once wait for
		err := d.get(ctx, tx, &row, `select `+clientColumns+` from oauth_clients where company_id = ? and id = ?`+
			d.dialect.forUpdate(), company, client)
		if err != nil {
			return noClient(err, client)
		}
		if row.Method != string(oauth.MethodSecret) {
			return resources.Errorf(resources.ErrInvalidValue, "", "client %q shows who it is by %s, not by a secret", row.Name, row.Method)
		}
		var active int
		err = d.get(ctx, tx, &active, `select count(*) from oauth_secrets where company_id = ? and client_id = ?`, company, client)
		if err != nil {
			return err
		}
		if active >= oauth.MaxSecrets {
			return resources.Errorf(resources.ErrTooMany, "", "client %q has %d secrets; revoke one first", row.Name, active)
		}
		return d.insertSecret(ctx, tx, actor, row.client(), s)
	})
}

func (d *DB) insertSecret(ctx context.Context, tx *sqlx.Tx, actor audit.Actor, c oauth.Client, s oauth.Secret) error {
	_, err := d.exec(ctx, tx, `insert into oauth_secrets (company_id, id, client_id, hash, created, last_used)
		values (?, ?, ?, ?, ?, 0)`, c.Company, s.ID, c.ID, s.Hash[:], micros(s.Created))
	if err != nil {
		return err
	}
	return d.appendEntries(ctx, tx, secretEntry(actor, audit.ActionIssue, c.Company, s.ID, c.Name))
}

// RevokeSecret implements oauth.Clients.
func (d *DB) RevokeSecret(ctx context.Context, actor audit.Actor, company, secret string) error {
	return d.changeAccess(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var client string
		err := d.get(ctx, tx, &client, `delete from oauth_secrets where company_id = ? and id = ? returning client_id`, company, secret)
		if err != nil {
			return named(err, "secret %q does not exist", secret)
		}
		_, err = d.exec(ctx, tx, `delete from tokens where company_id = ? and client_id = ? and secret_id = ?`, company, client, secret)
		if err != nil {
			return err
		}
		var name string
		err = d.get(ctx, tx, &name, `select name from oauth_clients where company_id = ? and id = ?`, company, client)
		if err != nil {
			return noClient(err, client)
		}
		return d.appendEntries(ctx, tx, secretEntry(actor, audit.ActionRevoke, company, secret, name))
	})
}

func secretEntry(actor audit.Actor, action audit.Action, company, id, client string) audit.Entry {
	return audit.Entry{Company: company, Actor: actor, Action: action, ObjectType: "client-secret", ObjectID: id, ObjectName: client}
}
