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

// issuer opens the client secret.
func (d *DB) issuer(row issuerRow) (oidc.Issuer, error) {
	i, err := row.listed()
	if err != nil {
		return oidc.Issuer{}, err
	}
	secret, err := d.sealer.Open(row.Secret, issuerSecret(row.Company, row.URL))
	if err != nil {
		return oidc.Issuer{}, fmt.Errorf("client secret of the issuer %s: %w", row.ID, err)
	}
	i.Secret = string(secret)
	return i, nil
}

// listed is the issuer without its secret.
func (row issuerRow) listed() (oidc.Issuer, error) {
	var methods []string
	err := json.Unmarshal([]byte(row.Methods), &methods)
	if err != nil {
		return oidc.Issuer{}, fmt.Errorf("methods of the issuer %s: %w", row.ID, err)
	}
	return oidc.Issuer{
		ID: row.ID, Company: row.Company, Name: row.Name, URL: row.URL, ClientID: row.ClientID,
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
			err = d.endSessionsOfIssuer(ctx, tx, row)
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

// SwitchIssuer implements oidc.Issuers.
func (d *DB) SwitchIssuer(ctx context.Context, by oidc.Actor, company, id string, disabled bool) error {
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var row issuerRow
		err := d.get(ctx, tx, &row, `select `+issuerColumns+` from issuers where company_id = ? and id = ?`+d.dialect.forUpdate(), company, id)
		if err != nil || row.Disabled == disabled {
			return err
		}
		_, err = d.exec(ctx, tx, `update issuers set disabled = ? where company_id = ? and id = ?`, disabled, company, id)
		if err != nil {
			return err
		}
		action := audit.ActionActivate
		if disabled {
			action = audit.ActionDeactivate
			err = d.endSessionsOfIssuer(ctx, tx, row)
			if err != nil {
				return err
			}
		}
		return d.appendEntries(ctx, tx, audit.Entry{Company: company, At: d.now(), Actor: auditActor(by),
			Action: action, ObjectType: "issuer", ObjectID: row.ID, ObjectName: row.Name, Changed: []string{"disabled"}})
	})
	return oidcError(err)
}

func (d *DB) endSessionsOfIssuer(ctx context.Context, tx *sqlx.Tx, row issuerRow) error {
	_, err := d.exec(ctx, tx, `delete from sessions where company_id = ? and issuer_id = ?`, row.Company, row.ID)
	return err
}

// Issuer implements oidc.Issuers. Those of a suspended company are all disabled.
func (d *DB) Issuer(ctx context.Context, id string) (oidc.Issuer, error) {
	var row issuerRow
	err := d.get(ctx, nil, &row, `select `+issuerColumns+` from issuers where id = ?`, id)
	if err != nil {
		return oidc.Issuer{}, oidcError(err)
	}
	i, err := d.issuer(row)
	if err != nil {
		return oidc.Issuer{}, err
	}
	var suspended bool
	err = d.get(ctx, nil, &suspended, `select exists (select 1 from companies where id = ? and suspended)`, i.Company)
	i.Disabled = i.Disabled || suspended
	return i, err
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
		issuers[n], err = row.listed()
		if err != nil {
			return nil, err
		}
	}
	return issuers, nil
}
