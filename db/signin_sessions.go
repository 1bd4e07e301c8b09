package db

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/oidc"
)

type attemptRow struct {
	Company  string `db:"company_id"`
	State    []byte `db:"state"`
	Issuer   string `db:"issuer_id"`
	Browser  []byte `db:"browser"`
	Nonce    string `db:"nonce"`
	Verifier string `db:"verifier"`
	ReturnTo string `db:"return_to"`
	Expires  int64  `db:"expires"`
}

const attemptColumns = `company_id, state, issuer_id, browser, nonce, verifier, return_to, expires`

// SaveAttempt implements oidc.Attempts.
func (d *DB) SaveAttempt(ctx context.Context, a oidc.Attempt, now time.Time) error {
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `delete from sign_in_attempts where company_id = ? and expires < ?`, a.Company, micros(now))
		if err != nil {
			return err
		}
		_, err = d.exec(ctx, tx, `insert into sign_in_attempts (`+attemptColumns+`) values (?, ?, ?, ?, ?, ?, ?, ?)`,
			a.Company, a.State[:], a.Issuer, a.Browser[:], a.Nonce, a.Verifier, a.ReturnTo, micros(a.Expires))
		return err
	})
	return oidcError(err)
}

// TakeAttempt implements oidc.Attempts: the delete is what makes it single use. A state that is not there, which anybody
// can send, costs no transaction that writes.
func (d *DB) TakeAttempt(ctx context.Context, company string, state [32]byte) (oidc.Attempt, error) {
	var row attemptRow
	var known int
	err := d.get(ctx, nil, &known, `select 1 from sign_in_attempts where company_id = ? and state = ?`, company, state[:])
	if err != nil {
		return oidc.Attempt{}, oidcError(err)
	}
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		return d.get(ctx, tx, &row, `delete from sign_in_attempts where company_id = ? and state = ? returning `+attemptColumns,
			company, state[:])
	})
	if err != nil {
		return oidc.Attempt{}, oidcError(err)
	}
	a := oidc.Attempt{Company: row.Company, Issuer: row.Issuer, State: state, Nonce: row.Nonce, Verifier: row.Verifier,
		ReturnTo: row.ReturnTo, Expires: fromMicros(row.Expires)}
	copy(a.Browser[:], row.Browser)
	return a, nil
}

type sessionRow struct {
	Issuer    string   `db:"session_issuer"`
	User      string   `db:"session_user_id"`
	Created   int64    `db:"session_created"`
	Seen      int64    `db:"seen"`
	Expires   int64    `db:"expires"`
	UserAgent string   `db:"user_agent"`
	Address   string   `db:"network_address"`
	Admin     adminRow `db:"admin"`
}

// CreateSession implements oidc.SessionStore.
func (d *DB) CreateSession(ctx context.Context, s oidc.Session, hash, old [32]byte) error {
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `delete from sessions where id_hash = ? or (company_id = ? and expires < ?)`,
			old[:], s.Company, micros(s.Created))
		if err != nil {
			return err
		}
		_, err = d.exec(ctx, tx, `insert into sessions (id_hash, company_id, admin_id, user_id, issuer_id, created, seen,
			expires, user_agent, address) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			hash[:], s.Company, s.Admin.ID, s.User, s.Issuer, micros(s.Created), micros(s.Seen), micros(s.Expires),
			s.UserAgent, s.Address)
		return err
	})
	return oidcError(err)
}

// SessionByHash implements oidc.SessionStore.
func (d *DB) SessionByHash(ctx context.Context, hash [32]byte) (oidc.Session, error) {
	var row sessionRow
	err := d.get(ctx, nil, &row, `select s.issuer_id as session_issuer, s.user_id as session_user_id,
			s.created as session_created, s.seen, s.expires, s.user_agent, s.address as network_address,
			a.id as "admin.id", a.company_id as "admin.company_id", a.address as "admin.address",
			a.address_folded as "admin.address_folded", a.role as "admin.role", a.issuer as "admin.issuer",
			a.subject as "admin.subject", a.bound_at as "admin.bound_at", a.user_id as "admin.user_id",
			a.disabled as "admin.disabled", a.created as "admin.created"
		from sessions s join admins a on a.company_id = s.company_id and a.id = s.admin_id
		where s.id_hash = ?`, hash[:])
	if err != nil {
		return oidc.Session{}, oidcError(err)
	}
	return oidc.Session{
		Company: row.Admin.Company, Issuer: row.Issuer, Admin: row.Admin.admin(), User: row.User,
		Created: fromMicros(row.Created), Seen: fromMicros(row.Seen), Expires: fromMicros(row.Expires),
		UserAgent: row.UserAgent, Address: row.Address,
	}, nil
}

// TouchSession implements oidc.SessionStore.
func (d *DB) TouchSession(ctx context.Context, company string, hash [32]byte, seen time.Time, user string) error {
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `update sessions set seen = ?, user_id = ? where company_id = ? and id_hash = ?`,
			micros(seen), user, company, hash[:])
		return err
	})
	return oidcError(err)
}

// EndSession implements oidc.SessionStore.
func (d *DB) EndSession(ctx context.Context, company string, hash [32]byte) error {
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `delete from sessions where company_id = ? and id_hash = ?`, company, hash[:])
		return err
	})
	return oidcError(err)
}

// EndSessionsOfDomain removes the sessions of the company's admins with an address in a domain, given in its normal form,
// and says how many. It is for domains that the company lost or gave up: oidc.Sessions would end them too, one by one,
// each at its next request.
func (d *DB) EndSessionsOfDomain(ctx context.Context, company, domain string) (int, error) {
	var ended int64
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var err error
		ended, err = d.exec(ctx, tx, `delete from sessions where company_id = ? and admin_id in
			(select id from admins where company_id = ? and domain = ?)`, company, company, domain)
		return err
	})
	return int(ended), oidcError(err)
}
