package db

import (
	"context"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/oidc"
)

const adminColumns = `id, company_id, address, address_folded, role, issuer, subject, bound_at, user_id, disabled, created`

type adminRow struct {
	ID            string `db:"id"`
	Company       string `db:"company_id"`
	Address       string `db:"address"`
	AddressFolded string `db:"address_folded"`
	Role          string `db:"role"`
	Issuer        string `db:"issuer"`
	Subject       string `db:"subject"`
	BoundAt       int64  `db:"bound_at"`
	User          string `db:"user_id"`
	Disabled      bool   `db:"disabled"`
	Created       int64  `db:"created"`
}

func (r adminRow) admin() oidc.Admin {
	return oidc.Admin{
		ID: r.ID, Company: r.Company, Address: r.Address, AddressFolded: r.AddressFolded, Role: oidc.Role(r.Role),
		Issuer: r.Issuer, Subject: r.Subject, BoundAt: fromMicros(r.BoundAt), User: r.User, Disabled: r.Disabled,
		Created: fromMicros(r.Created),
	}
}

func domainOfAddress(folded string) string { return folded[strings.LastIndexByte(folded, '@')+1:] }

// adminEntry records a change of an admin.
func (d *DB) adminEntry(by oidc.Actor, action audit.Action, row adminRow, reason string, changed ...string) audit.Entry {
	return audit.Entry{Company: row.Company, At: d.now(), Actor: auditActor(by), Action: action,
		ObjectType: "admin", ObjectID: row.ID, ObjectName: row.Address, Changed: changed, Reason: reason}
}

// CreateAdmin implements oidc.Admins.
func (d *DB) CreateAdmin(ctx context.Context, by oidc.Actor, a oidc.Admin) (oidc.Admin, error) {
	a, err := a.Normalize()
	if err != nil {
		return oidc.Admin{}, err
	}
	var row adminRow
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		added, err := d.exec(ctx, tx, `insert into admins (id, company_id, address, address_folded, domain, role, issuer,
			subject, bound_at, user_id, disabled, created) values (?, ?, ?, ?, ?, ?, '', '', 0, '', ?, ?)
			on conflict (company_id, address_folded) do nothing`,
			a.ID, a.Company, a.Address, a.AddressFolded, domainOfAddress(a.AddressFolded), string(a.Role), a.Disabled, micros(a.Created))
		if err != nil {
			return err
		}
		err = d.adminWhere(ctx, tx, &row, `address_folded = ?`, a.Company, a.AddressFolded)
		if err != nil || added == 0 {
			return err
		}
		return d.appendEntries(ctx, tx, d.adminEntry(by, audit.ActionCreate, row, ""))
	})
	return row.admin(), oidcError(err)
}

// adminWhere reads one admin of a company.
func (d *DB) adminWhere(ctx context.Context, tx *sqlx.Tx, row *adminRow, where, company string, args ...any) error {
	return d.get(ctx, tx, row, `select `+adminColumns+` from admins where company_id = ? and `+where,
		append([]any{company}, args...)...)
}

// Admins implements oidc.Admins.
func (d *DB) Admins(ctx context.Context, company string) ([]oidc.Admin, error) {
	var rows []adminRow
	err := d.list(ctx, nil, &rows, `select `+adminColumns+` from admins where company_id = ? order by address_folded`, company)
	admins := make([]oidc.Admin, len(rows))
	for n, row := range rows {
		admins[n] = row.admin()
	}
	return admins, oidcError(err)
}

// AdminByAddress implements oidc.Admins.
func (d *DB) AdminByAddress(ctx context.Context, company, folded string) (oidc.Admin, error) {
	var row adminRow
	err := d.adminWhere(ctx, nil, &row, `address_folded = ?`, company, folded)
	return row.admin(), oidcError(err)
}

// AdminByIdentity implements oidc.Admins.
func (d *DB) AdminByIdentity(ctx context.Context, company, issuer, subject string) (oidc.Admin, error) {
	var row adminRow
	err := d.adminWhere(ctx, nil, &row, `issuer = ? and subject = ? and subject <> ''`, company, issuer, subject)
	return row.admin(), oidcError(err)
}

// SetAdmin implements oidc.Admins.
func (d *DB) SetAdmin(ctx context.Context, by oidc.Actor, a oidc.Admin) error {
	a, err := a.Normalize()
	if err != nil {
		return err
	}
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var row adminRow
		err := d.adminWhere(ctx, tx, &row, `id = ?`+d.dialect.forUpdate(), a.Company, a.ID)
		if err != nil {
			return err
		}
		var changed []string
		if row.Disabled != a.Disabled {
			changed = append(changed, "disabled")
		}
		if row.Role != string(a.Role) {
			changed = append(changed, "role")
		}
		if len(changed) == 0 {
			return nil
		}
		_, err = d.exec(ctx, tx, `update admins set role = ?, disabled = ? where company_id = ? and id = ?`,
			string(a.Role), a.Disabled, a.Company, a.ID)
		if err != nil {
			return err
		}
		if a.Disabled {
			err = d.endSessionsOfAdmin(ctx, tx, row)
			if err != nil {
				return err
			}
		}
		return d.appendEntries(ctx, tx, d.adminEntry(by, audit.ActionModify, row, roleChange(row.Role, string(a.Role)), changed...))
	})
	return oidcError(err)
}

func roleChange(from, to string) string {
	if from == to {
		return ""
	}
	return "role " + from + " becomes " + to
}

// Rebind implements oidc.Admins.
func (d *DB) Rebind(ctx context.Context, by oidc.Actor, company, folded string) (oidc.Admin, error) {
	var row adminRow
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		err := d.get(ctx, tx, &row, `update admins set issuer = '', subject = '', bound_at = 0, user_id = ''
			where company_id = ? and address_folded = ? returning `+adminColumns, company, folded)
		if err != nil {
			return err
		}
		err = d.endSessionsOfAdmin(ctx, tx, row)
		if err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, d.adminEntry(by, audit.ActionModify, row, "to be bound anew", "issuer", "subject"))
	})
	return row.admin(), oidcError(err)
}

func (d *DB) endSessionsOfAdmin(ctx context.Context, tx *sqlx.Tx, row adminRow) error {
	_, err := d.exec(ctx, tx, `delete from sessions where company_id = ? and admin_id = ?`, row.Company, row.ID)
	return err
}

// BindAdmin implements oidc.Admins. The condition on subject makes one of two rivals lose; the index makes an identity
// one admin's. The sign-in that follows is what the record tells.
func (d *DB) BindAdmin(ctx context.Context, company, id, issuer, subject string, at time.Time) error {
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.exec(ctx, tx, `update admins set issuer = ?, subject = ?, bound_at = ?
			where company_id = ? and id = ? and subject = ''`, issuer, subject, micros(at), company, id)
		if err == nil && n == 0 {
			return oidc.ErrTaken
		}
		return err
	})
	return oidcError(err)
}

// NoteAdmin implements oidc.Admins.
func (d *DB) NoteAdmin(ctx context.Context, company, id, address, user string) error {
	a, err := oidc.Admin{Address: address}.Normalize()
	if err != nil {
		return err
	}
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `update admins set address = ?, address_folded = ?, domain = ?, user_id = ?
			where company_id = ? and id = ?`, a.Address, a.AddressFolded, domainOfAddress(a.AddressFolded), user, company, id)
		return err
	})
	return oidcError(err)
}
