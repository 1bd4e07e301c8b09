package db

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
)

// maxActiveTokens lets a connection's token be rotated: the old one stays in force until the new one is in place.
const maxActiveTokens = 2

type tokenRow struct {
	Company    string `db:"company_id"`
	ID         string `db:"id"`
	Connection string `db:"connection_id"`
	Scopes     string `db:"scopes"`
	Created    int64  `db:"created"`
	Expires    int64  `db:"expires"`
	LastUsed   int64  `db:"last_used"`
	Revoked    int64  `db:"revoked"`
}

const tokenColumns = `t.company_id, t.id, t.connection_id, t.scopes, t.created, t.expires, t.last_used, t.revoked`

func (row tokenRow) token() resources.Token {
	return resources.Token{ID: row.ID, Company: row.Company, Connection: row.Connection, Scopes: strings.Fields(row.Scopes),
		Created: fromMicros(row.Created), Expires: fromMicros(row.Expires), LastUsed: fromMicros(row.LastUsed),
		Revoked: fromMicros(row.Revoked)}
}

// CreateToken implements resources.Connections.
func (d *DB) CreateToken(ctx context.Context, actor audit.Actor, t resources.Token, hash [32]byte) error {
	if t.ID == "" {
		t.ID = newID()
	}
	now := d.now()
	if t.Created.IsZero() {
		t.Created = now
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var name string // the connection's row is what two callers at once wait for
		err := d.get(ctx, tx, &name, `select name from connections where company_id = ? and id = ?`+d.dialect.forUpdate(),
			t.Company, t.Connection)
		if isNotFound(err) {
			return noConnection(t.Connection)
		}
		if err != nil {
			return err
		}
		var active int
		err = d.get(ctx, tx, &active, `select count(*) from tokens where company_id = ? and connection_id = ? and client_id = ''
			and revoked = 0 and (expires = 0 or expires > ?)`, t.Company, t.Connection, micros(now))
		if err != nil {
			return err
		}
		if active >= maxActiveTokens {
			return resources.Errorf(resources.ErrTooMany, "", "connection %q has %d active tokens; revoke one first", name, active)
		}
		_, err = d.exec(ctx, tx, `insert into tokens (company_id, id, connection_id, hash, scopes, created, expires, last_used,
			revoked) values (?, ?, ?, ?, ?, ?, ?, 0, 0)`, t.Company, t.ID, t.Connection, hash[:], strings.Join(t.Scopes, " "),
			micros(t.Created), micros(t.Expires))
		if err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, tokenEntry(actor, t.Company, now, audit.ActionIssue, t.ID, name))
	})
}

// RevokeToken implements resources.Connections. Revoking a token that is revoked changes nothing.
func (d *DB) RevokeToken(ctx context.Context, actor audit.Actor, company, token string) error {
	now := d.now()
	return d.changeAccess(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var row struct {
			Revoked int64  `db:"revoked"`
			Name    string `db:"name"`
		}
		err := d.get(ctx, tx, &row, `select t.revoked, c.name from tokens t
			join connections c on c.company_id = t.company_id and c.id = t.connection_id
			where t.company_id = ? and t.id = ?`+d.dialect.forUpdate(), company, token)
		if err != nil {
			return named(err, "token %q does not exist", token)
		}
		if row.Revoked != 0 {
			return nil
		}
		_, err = d.exec(ctx, tx, `update tokens set revoked = ? where company_id = ? and id = ?`, micros(now), company, token)
		if err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, tokenEntry(actor, company, now, audit.ActionRevoke, token, row.Name))
	})
}
