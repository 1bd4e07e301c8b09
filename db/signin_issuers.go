package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/oidc"
)

const issuerColumns = `company_id, id, name, url, client_id, secret, trust, tenant, text_booleans, private, max_age,
	methods, disabled, created`

type issuerRow struct {
	Company      string `db:"company_id"`
	ID           string `db:"id"`
	Name         string `db:"name"`
	URL          string `db:"url"`
	ClientID     string `db:"client_id"`
	Secret       []byte `db:"secret"`
	Trust        string `db:"trust"`
	Tenant       string `db:"tenant"`
	TextBooleans bool   `db:"text_booleans"`
	Private      bool   `db:"private"`
	MaxAge       int64  `db:"max_age"`
	Methods      string `db:"methods"`
	Disabled     bool   `db:"disabled"`
	Created      int64  `db:"created"`
}

// issuerSecret names what a sealed client secret belongs to. The URL is part of it: a secret never goes to another
// provider than the one it was entered for.
func issuerSecret(company, url string) string { return "issuer " + company + " " + url }

func (d *DB) issuer(row issuerRow) (oidc.Issuer, error) {
	secret, err := d.sealer.Open(row.Secret, issuerSecret(row.Company, row.URL))
	if err != nil {
		return oidc.Issuer{}, fmt.Errorf("client secret of the issuer %s: %w", row.ID, err)
	}
	var methods []string
	err = json.Unmarshal([]byte(row.Methods), &methods)
	if err != nil {
		return oidc.Issuer{}, fmt.Errorf("methods of the issuer %s: %w", row.ID, err)
	}
	return oidc.Issuer{
		ID: row.ID, Company: row.Company, Name: row.Name, URL: row.URL, ClientID: row.ClientID, Secret: string(secret),
		Trust: oidc.Trust(row.Trust), Tenant: row.Tenant, TextBooleans: row.TextBooleans, Private: row.Private,
		MaxAge: time.Duration(row.MaxAge) * time.Second, Methods: methods, Disabled: row.Disabled, Created: fromMicros(row.Created),
	}, nil
}

// PutIssuer implements oidc.Issuers.
func (d *DB) PutIssuer(ctx context.Context, by oidc.Actor, i oidc.Issuer) (oidc.Issuer, error) {
	i, err := i.Normalize()
	if err != nil {
		return oidc.Issuer{}, err
	}
	sealed, err := d.sealer.Seal([]byte(i.Secret), issuerSecret(i.Company, i.URL))
	if err != nil {
		return oidc.Issuer{}, err
	}
	methods := i.Methods
	if methods == nil {
		methods = []string{}
	}
	var row issuerRow
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		err := d.get(ctx, tx, &row, `insert into issuers (`+issuerColumns+`) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			on conflict (company_id, url) do update set name = excluded.name, client_id = excluded.client_id,
				secret = excluded.secret, trust = excluded.trust, tenant = excluded.tenant,
				text_booleans = excluded.text_booleans, private = excluded.private, max_age = excluded.max_age,
				methods = excluded.methods, disabled = excluded.disabled
			returning `+issuerColumns,
			i.Company, i.ID, i.Name, i.URL, i.ClientID, sealed, string(i.Trust), i.Tenant, i.TextBooleans, i.Private,
			int64(i.MaxAge/time.Second), jsonText(methods), i.Disabled, micros(i.Created))
		if err != nil {
			return err
		}
		if i.Disabled {
			_, err = d.exec(ctx, tx, `delete from sessions where company_id = ? and issuer_id = ?`, row.Company, row.ID)
			if err != nil {
				return err
			}
		}
		action := audit.ActionReplace
		if row.ID == i.ID {
			action = audit.ActionCreate
		}
		return d.appendEntries(ctx, tx, audit.Entry{Company: row.Company, At: d.now(), Actor: auditActor(by),
			Action: action, ObjectType: "issuer", ObjectID: row.ID, ObjectName: row.Name})
	})
	if err != nil {
		return oidc.Issuer{}, oidcError(err)
	}
	return d.issuer(row)
}

// Issuer implements oidc.Issuers.
func (d *DB) Issuer(ctx context.Context, id string) (oidc.Issuer, error) {
	var row issuerRow
	err := d.get(ctx, nil, &row, `select `+issuerColumns+` from issuers where id = ?`, id)
	if err != nil {
		return oidc.Issuer{}, oidcError(err)
	}
	return d.issuer(row)
}

// Issuers implements oidc.Issuers.
func (d *DB) Issuers(ctx context.Context, company string) ([]oidc.Issuer, error) {
	var rows []issuerRow
	err := d.list(ctx, nil, &rows, `select `+issuerColumns+` from issuers where company_id = ? order by name, id`, company)
	if err != nil {
		return nil, oidcError(err)
	}
	issuers := make([]oidc.Issuer, len(rows))
	for n, row := range rows {
		issuers[n], err = d.issuer(row)
		if err != nil {
			return nil, err
		}
	}
	return issuers, nil
}
