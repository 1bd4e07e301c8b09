package db

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/ownership"
	"proprio/resources"
)

var (
	_ ownership.Companies   = (*DB)(nil)
	_ ownership.PolicyMarks = (*DB)(nil)
)

const companyColumns = `id, name, outside_domain, suspended, created, features`

type companyRow struct {
	ID            string `db:"id"`
	Name          string `db:"name"`
	OutsideDomain string `db:"outside_domain"`
	Suspended     bool   `db:"suspended"`
	Created       int64  `db:"created"`
	Features      string `db:"features"`
}

func (r companyRow) company() ownership.Company {
	on, _ := features(r.Features) // what this program does not know is off
	return ownership.Company{ID: r.ID, Name: r.Name, OutsideDomain: ownership.OutsideMode(r.OutsideDomain),
		Suspended: r.Suspended, Created: fromMicros(r.Created), Features: on}
}

// CreateCompany implements ownership.Companies.
func (d *DB) CreateCompany(ctx context.Context, actor audit.Actor, c ownership.Company) (ownership.Company, error) {
	var row companyRow
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.exec(ctx, tx, `insert into companies (id, name, name_folded, outside_domain, suspended, created)
			values (?, ?, ?, ?, ?, ?) on conflict do nothing`,
			c.ID, c.Name, resources.Fold(c.Name), string(c.OutsideDomain), c.Suspended, micros(c.Created))
		if err != nil {
			return err
		}
		err = d.get(ctx, tx, &row, `select `+companyColumns+` from companies where name_folded = ?`, resources.Fold(c.Name))
		if err != nil || n == 0 {
			return err
		}
		return d.appendEntries(ctx, tx, audit.Entry{Company: c.ID, At: d.now(), Actor: actor, Action: audit.ActionCreate,
			ObjectType: "company", ObjectID: c.ID, ObjectName: c.Name})
	})
	return row.company(), err
}

// CompanyByName implements ownership.Companies.
func (d *DB) CompanyByName(ctx context.Context, name string) (ownership.Company, error) {
	var row companyRow
	err := d.get(ctx, nil, &row, `select `+companyColumns+` from companies where name_folded = ?`, resources.Fold(name))
	return row.company(), noCompany(err)
}

// Company implements ownership.Companies.
func (d *DB) Company(ctx context.Context, id string) (ownership.Company, error) {
	var row companyRow
	err := d.get(ctx, nil, &row, `select `+companyColumns+` from companies where id = ?`, id)
	return row.company(), noCompany(err)
}

// noCompany says what was not found.
func noCompany(err error) error {
	if errors.Is(err, resources.ErrNotFound) {
		return resources.Errorf(resources.ErrNotFound, "company", "there is no such company")
	}
	return err
}

// Companies implements ownership.Companies.
func (d *DB) Companies(ctx context.Context) ([]ownership.Company, error) {
	var rows []companyRow
	err := d.list(ctx, nil, &rows, `select `+companyColumns+` from companies order by name_folded, id`)
	companies := make([]ownership.Company, len(rows))
	for i, r := range rows {
		companies[i] = r.company()
	}
	return companies, err
}

// SoleCompany returns the only company there is: resources.ErrNotFound when there is none, ErrTooMany when there are
// several.
func (d *DB) SoleCompany(ctx context.Context) (ownership.Company, error) {
	var rows []companyRow
	err := d.list(ctx, nil, &rows, `select `+companyColumns+` from companies limit 2`)
	if err != nil {
		return ownership.Company{}, err
	}
	switch len(rows) {
	case 0:
		return ownership.Company{}, noCompany(resources.ErrNotFound)
	case 1:
		return rows[0].company(), nil
	}
	return ownership.Company{}, resources.Errorf(resources.ErrTooMany, "company", "there are several companies")
}

// CompanyOfDomain returns the company for which a normalised domain is verified, and resources.ErrNotFound when it is
// for none.
func (d *DB) CompanyOfDomain(ctx context.Context, name string) (ownership.Company, error) {
	var row companyRow
	err := d.get(ctx, nil, &row, `select `+companyColumns+` from companies
		where id = (select company_id from domains where name = ? and verified > 0)`, name)
	return row.company(), noCompany(err)
}

// SetOutsideDomain implements ownership.Companies.
func (d *DB) SetOutsideDomain(ctx context.Context, actor audit.Actor, company string, mode ownership.OutsideMode) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var row companyRow
		err := d.get(ctx, tx, &row, `select `+companyColumns+` from companies where id = ?`+d.dialect.forUpdate(), company)
		if err != nil || row.OutsideDomain == string(mode) {
			return noCompany(err)
		}
		_, err = d.exec(ctx, tx, `update companies set outside_domain = ? where id = ?`, string(mode), company)
		if err != nil {
			return err
		}
		return d.policyChanged(ctx, tx, audit.Entry{Company: company, Actor: actor, Action: audit.ActionModify,
			ObjectType: "company", ObjectID: company, ObjectName: row.Name, Changed: []string{"outsideDomain"}})
	})
}

// SetSuspended suspends a company or ends that; one that is so already is left alone. A suspended company's connections
// are refused, its apps are not called, nobody signs in to its console, and whoever is in there is signed out now.
func (d *DB) SetSuspended(ctx context.Context, actor audit.Actor, company string, suspended bool) error {
	return d.changeAccess(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var row companyRow
		err := d.get(ctx, tx, &row, `select `+companyColumns+` from companies where id = ?`+d.dialect.forUpdate(), company)
		if err != nil || row.Suspended == suspended {
			return noCompany(err)
		}
		_, err = d.exec(ctx, tx, `update companies set suspended = ? where id = ?`, suspended, company)
		if err != nil {
			return err
		}
		action := audit.ActionActivate
		if suspended {
			action = audit.ActionDeactivate
			_, err = d.exec(ctx, tx, `delete from sessions where company_id = ?`, company)
			if err != nil {
				return err
			}
		}
		return d.appendEntries(ctx, tx, audit.Entry{Company: company, At: d.now(), Actor: actor, Action: action,
			ObjectType: "company", ObjectID: company, ObjectName: row.Name, Changed: []string{"suspended"}})
	})
}

const domainColumns = `company_id, name, proof, verified, missing`

type domainRow struct {
	Company  string `db:"company_id"`
	Name     string `db:"name"`
	Proof    string `db:"proof"`
	Verified int64  `db:"verified"`
	Missing  int64  `db:"missing"`
}

func (r domainRow) domain() ownership.Domain {
	return ownership.Domain{Company: r.Company, Name: r.Name, Proof: r.Proof,
		Verified: fromMicros(r.Verified), Missing: fromMicros(r.Missing)}
}

// PutDomain implements ownership.Companies. What changed for the company's Users leaves a mark in the same transaction.
func (d *DB) PutDomain(ctx context.Context, actor audit.Actor, o ownership.Domain) error {
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var company companyRow
		err := d.get(ctx, tx, &company, `select `+companyColumns+` from companies where id = ?`+d.dialect.forUpdate(), o.Company)
		if err != nil {
			return noCompany(err)
		}
		var old domainRow
		err = d.get(ctx, tx, &old, `select `+domainColumns+` from domains where company_id = ? and name = ?`, o.Company, o.Name)
		if err != nil && !errors.Is(err, resources.ErrNotFound) {
			return err
		}
		_, err = d.exec(ctx, tx, `insert into domains (company_id, name, proof, verified, missing) values (?, ?, ?, ?, ?)
			on conflict (company_id, name) do update set proof = excluded.proof, verified = excluded.verified, missing = excluded.missing`,
			o.Company, o.Name, o.Proof, micros(o.Verified), micros(o.Missing))
		if err != nil {
			return err
		}
		entry := domainEntry(actor, o, domainAction(old, o))
		if (old.Verified > 0) == o.InForce() {
			entry.At = d.now()
			return d.appendEntries(ctx, tx, entry)
		}
		return d.policyChanged(ctx, tx, entry)
	})
	if errors.Is(err, resources.ErrUniqueness) {
		return resources.Errorf(resources.ErrUniqueness, "domain",
			"%s is a verified domain of another company; a domain belongs to one company", o.Name)
	}
	return err
}

// domainAction says what became of a domain.
func domainAction(old domainRow, o ownership.Domain) audit.Action {
	switch {
	case old.Verified == 0 && o.InForce():
		return audit.ActionActivate
	case old.Verified > 0 && !o.InForce():
		return audit.ActionDeactivate
	case old.Name == "":
		return audit.ActionCreate
	}
	return audit.ActionModify
}

func domainEntry(actor audit.Actor, o ownership.Domain, action audit.Action) audit.Entry {
	return audit.Entry{Company: o.Company, Actor: actor, Action: action, ObjectType: "domain", ObjectID: o.Name, ObjectName: o.Name}
}

// RemoveDomain implements ownership.Companies.
func (d *DB) RemoveDomain(ctx context.Context, actor audit.Actor, company, name string) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.exec(ctx, tx, `delete from domains where company_id = ? and name = ?`, company, name)
		if err != nil {
			return err
		}
		if n == 0 {
			return resources.Errorf(resources.ErrNotFound, "domain", "the company has no domain %s", name)
		}
		return d.policyChanged(ctx, tx, domainEntry(actor, ownership.Domain{Company: company, Name: name}, audit.ActionRemove))
	})
}

// Domains implements ownership.Companies.
func (d *DB) Domains(ctx context.Context, company string) ([]ownership.Domain, error) {
	return d.domains(ctx, nil, company)
}

func (d *DB) domains(ctx context.Context, tx *sqlx.Tx, company string) ([]ownership.Domain, error) {
	var rows []domainRow
	err := d.list(ctx, tx, &rows, `select `+domainColumns+` from domains where company_id = ? order by name`, company)
	domains := make([]ownership.Domain, len(rows))
	for i, r := range rows {
		domains[i] = r.domain()
	}
	return domains, err
}

// policyChanged records a change of a company's rules and marks the company.
func (d *DB) policyChanged(ctx context.Context, tx *sqlx.Tx, e audit.Entry) error {
	_, err := d.exec(ctx, tx, `insert into policy_marks (company_id, generation, settled) values (?, 1, 0)
		on conflict (company_id) do update set generation = policy_marks.generation + 1`, e.Company)
	if err != nil {
		return err
	}
	e.At = d.now()
	return d.appendEntries(ctx, tx, e)
}

// PolicyChanges implements ownership.PolicyMarks.
func (d *DB) PolicyChanges(ctx context.Context) (map[string]int64, error) {
	var rows []struct {
		Company    string `db:"company_id"`
		Generation int64  `db:"generation"`
	}
	err := d.list(ctx, nil, &rows, `select company_id, generation from policy_marks where generation > settled`)
	marks := make(map[string]int64, len(rows))
	for _, r := range rows {
		marks[r.Company] = r.Generation
	}
	return marks, err
}

// SettlePolicy implements ownership.PolicyMarks.
func (d *DB) SettlePolicy(ctx context.Context, company string, generation int64) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `update policy_marks set settled = ? where company_id = ? and settled < ?`, generation, company, generation)
		return err
	})
}
