package db

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
	"proprio/scim/oauth"
)

var _ oauth.Store = (*DB)(nil)

// ClientByID implements oauth.Store.
func (d *DB) ClientByID(ctx context.Context, id string) (oauth.Client, error) {
	var row clientRow
	err := d.get(ctx, nil, &row, `select `+clientColumns+` from oauth_clients where id = ?`, id)
	if err != nil {
		return oauth.Client{}, noClient(err, id)
	}
	c := row.client()
	c.Secrets, err = d.secretsOf(ctx, c)
	return c, err
}

func (d *DB) secretsOf(ctx context.Context, c oauth.Client) ([]oauth.Secret, error) {
	if c.Method != oauth.MethodSecret {
		return nil, nil
	}
	var rows []secretRow
	err := d.list(ctx, nil, &rows, `select id, client_id, hash, created, last_used from oauth_secrets
		where company_id = ? and client_id = ? order by created, id`, c.Company, c.ID)
	secrets := make([]oauth.Secret, len(rows))
	for i, row := range rows {
		secrets[i] = row.secret()
	}
	return secrets, err
}

// GrantToken implements oauth.Store.
func (d *DB) GrantToken(ctx context.Context, g oauth.Grant) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		for _, step := range []func(context.Context, *sqlx.Tx, oauth.Grant) error{
			d.useClient, d.checkStanding, d.useSecret, d.forgetExpired, d.useAssertion, d.insertAccessToken,
		} {
			err := step(ctx, tx, g)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// useClient comes first: the client's row is what two requests of one client, and its removal, wait for.
func (d *DB) useClient(ctx context.Context, tx *sqlx.Tx, g oauth.Grant) error {
	_, err := d.exec(ctx, tx, `update oauth_clients set last_used = ? where company_id = ? and id = ?`,
		micros(g.Token.Created), g.Company, g.Client)
	return err
}

// checkStanding wants a client that is still there, of a connection that is enabled and a company that is not suspended.
func (d *DB) checkStanding(ctx context.Context, tx *sqlx.Tx, g oauth.Grant) error {
	var row struct {
		Name      string `db:"name"`
		Disabled  bool   `db:"disabled"`
		Suspended bool   `db:"suspended"`
	}
	err := d.get(ctx, tx, &row, `select c.name, c.disabled, o.suspended from oauth_clients k
		join connections c on c.company_id = k.company_id and c.id = k.connection_id
		join companies o on o.id = k.company_id where k.company_id = ? and k.id = ?`, g.Company, g.Client)
	switch {
	case err != nil:
		return noClient(err, g.Client)
	case row.Suspended:
		return resources.Errorf(resources.ErrForbidden, "", "The company is suspended.")
	case row.Disabled:
		return resources.Errorf(resources.ErrForbidden, "", "The connection %q is disabled.", row.Name)
	}
	return nil
}

func (d *DB) useSecret(ctx context.Context, tx *sqlx.Tx, g oauth.Grant) error {
	if g.Secret == "" {
		return nil
	}
	touched, err := d.exec(ctx, tx, `update oauth_secrets set last_used = ? where company_id = ? and client_id = ? and id = ?`,
		micros(g.Token.Created), g.Company, g.Client, g.Secret)
	if err == nil && touched == 0 {
		return resources.Errorf(resources.ErrNotFound, "", "secret %q was revoked", g.Secret)
	}
	return err
}

// forgetExpired keeps a client's rows to those of an hour.
func (d *DB) forgetExpired(ctx context.Context, tx *sqlx.Tx, g oauth.Grant) error {
	now := micros(g.Token.Created)
	_, err := d.exec(ctx, tx, `delete from tokens where company_id = ? and client_id = ? and expires <= ?`, g.Company, g.Client, now)
	if err != nil {
		return err
	}
	_, err = d.exec(ctx, tx, `delete from oauth_assertions where company_id = ? and client_id = ? and expires <= ?`,
		g.Company, g.Client, now)
	return err
}

// useAssertion lets an assertion be used once (RFC 7523 §3, 7).
func (d *DB) useAssertion(ctx context.Context, tx *sqlx.Tx, g oauth.Grant) error {
	if g.Assertion.Expires.IsZero() {
		return nil
	}
	made, err := d.exec(ctx, tx, `insert into oauth_assertions (company_id, client_id, hash, expires) values (?, ?, ?, ?)
		on conflict (company_id, client_id, hash) do nothing`, g.Company, g.Client, g.Assertion.Hash[:], micros(g.Assertion.Expires))
	if err == nil && made == 0 {
		return resources.Errorf(resources.ErrUniqueness, "jti", "the assertion was used before")
	}
	return err
}

// insertAccessToken puts the token beside the static ones, where Authenticate finds it.
func (d *DB) insertAccessToken(ctx context.Context, tx *sqlx.Tx, g oauth.Grant) error {
	t := g.Token
	_, err := d.exec(ctx, tx, `insert into tokens (company_id, id, connection_id, hash, scopes, created, expires, last_used,
		revoked, client_id, secret_id) values (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?)`, g.Company, t.ID, t.Connection, g.Hash[:],
		strings.Join(t.Scopes, " "), micros(t.Created), micros(t.Expires), g.Client, g.Secret)
	return err
}
