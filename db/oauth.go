package db

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
	"proprio/scim/oauth"
)

var _ oauth.Clients = (*DB)(nil)

type clientRow struct {
	Company    string `db:"company_id"`
	ID         string `db:"id"`
	Connection string `db:"connection_id"`
	Name       string `db:"name"`
	Method     string `db:"method"`
	Scopes     string `db:"scopes"`
	Keys       string `db:"key_set"`
	KeysURL    string `db:"keys_url"`
	Private    bool   `db:"private"`
	Issuer     string `db:"issuer"`
	Audience   string `db:"audience"`
	Subject    string `db:"subject"`
	Tenant     string `db:"tenant"`
	Created    int64  `db:"created"`
	LastUsed   int64  `db:"last_used"`
}

const clientColumns = `company_id, id, connection_id, name, method, scopes, key_set, keys_url, private, issuer, audience,
	subject, tenant, created, last_used`

func (row clientRow) client() oauth.Client {
	return oauth.Client{
		ID: row.ID, Company: row.Company, Connection: row.Connection, Name: row.Name, Method: oauth.Method(row.Method),
		Scopes: strings.Fields(row.Scopes), Keys: row.Keys, KeysURL: row.KeysURL, Private: row.Private,
		Issuer: row.Issuer, Audience: row.Audience, Subject: row.Subject, Tenant: row.Tenant,
		Created: fromMicros(row.Created), LastUsed: fromMicros(row.LastUsed),
	}
}

// CreateClient implements oauth.Clients.
func (d *DB) CreateClient(ctx context.Context, actor audit.Actor, c oauth.Client) error {
	if !keepable(c.Name) || len(c.Name) > maxIndexed {
		return resources.Errorf(resources.ErrInvalidValue, "name", "a client needs a name that can be kept")
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		made, err := d.exec(ctx, tx, `insert into oauth_clients (`+clientColumns+`) select company_id, cast(? as text), id,
			cast(? as text), cast(? as text), cast(? as text), cast(? as text), cast(? as text), cast(? as boolean),
			cast(? as text), cast(? as text), cast(? as text), cast(? as text), cast(? as bigint), 0
			from connections where company_id = ? and id = ?`,
			c.ID, c.Name, string(c.Method), strings.Join(c.Scopes, " "), c.Keys, c.KeysURL, c.Private, c.Issuer, c.Audience,
			c.Subject, c.Tenant, micros(c.Created), c.Company, c.Connection)
		if constraint(err, "name") {
			return resources.Errorf(resources.ErrUniqueness, "name", "the company has a client named %q", c.Name)
		}
		if err == nil && made == 0 {
			return noConnection(c.Connection)
		}
		if err != nil {
			return err
		}
		err = d.appendEntries(ctx, tx, clientEntry(actor, audit.ActionCreate, c.Company, c.ID, c.Name))
		if err != nil {
			return err
		}
		for _, s := range c.Secrets {
			err = d.insertSecret(ctx, tx, actor, c, s)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ListClients implements oauth.Clients.
func (d *DB) ListClients(ctx context.Context, company string) ([]oauth.Client, error) {
	var rows []clientRow
	err := d.list(ctx, nil, &rows, `select `+clientColumns+` from oauth_clients where company_id = ? order by name, id`, company)
	if err != nil {
		return nil, err
	}
	var secrets []secretRow
	err = d.list(ctx, nil, &secrets, `select id, client_id, created, last_used from oauth_secrets where company_id = ?
		order by created, id`, company)
	if err != nil {
		return nil, err
	}
	clients := make([]oauth.Client, len(rows))
	for i, row := range rows {
		clients[i] = row.client()
		for _, s := range secrets {
			if s.Client == row.ID {
				clients[i].Secrets = append(clients[i].Secrets, s.secret())
			}
		}
	}
	return clients, nil
}

// RemoveClient implements oauth.Clients.
func (d *DB) RemoveClient(ctx context.Context, actor audit.Actor, company, client string) error {
	return d.changeAccess(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var name string
		err := d.get(ctx, tx, &name, `delete from oauth_clients where company_id = ? and id = ? returning name`, company, client)
		if err != nil {
			return named(err, "client %q does not exist", client)
		}
		for _, statement := range []string{
			`delete from tokens where company_id = ? and client_id = ?`,
			`delete from oauth_secrets where company_id = ? and client_id = ?`,
			`delete from oauth_assertions where company_id = ? and client_id = ?`,
		} {
			_, err = d.exec(ctx, tx, statement, company, client)
			if err != nil {
				return err
			}
		}
		return d.appendEntries(ctx, tx, clientEntry(actor, audit.ActionRemove, company, client, name))
	})
}

func clientEntry(actor audit.Actor, action audit.Action, company, id, name string) audit.Entry {
	return audit.Entry{Company: company, Actor: actor, Action: action, ObjectType: "client", ObjectID: id, ObjectName: name}
}

func noClient(err error, id string) error { return named(err, "client %q does not exist", id) }
