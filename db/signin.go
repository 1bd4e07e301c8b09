package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/oidc"
	"proprio/resources"
)

var _ oidc.Store = (*DB)(nil)

// oidcError turns a domain error of resources into one of oidc, which knows nothing of resources.
func oidcError(err error) error {
	switch {
	case errors.Is(err, resources.ErrNotFound):
		return fmt.Errorf("%w: %w", oidc.ErrNotFound, err)
	case errors.Is(err, resources.ErrUniqueness):
		return fmt.Errorf("%w: %w", oidc.ErrTaken, err)
	case errors.Is(err, resources.ErrInvalidValue):
		return fmt.Errorf("%w: %w", oidc.ErrInvalid, err)
	}
	return err
}

// auditActor is an actor of oidc as the record knows it.
func auditActor(by oidc.Actor) audit.Actor {
	if by.Admin == "" {
		return audit.Actor{Kind: audit.ActorCommand, Name: by.Name}
	}
	return audit.Actor{Kind: audit.ActorAdmin, ID: by.Admin, Name: by.Name}
}

// VerifiedDomains implements oidc.Domains.
func (d *DB) VerifiedDomains(ctx context.Context, company string) ([]string, error) {
	var names []string
	err := d.list(ctx, nil, &names, `select name from domains where company_id = ? and verified > 0 order by name`, company)
	return names, oidcError(err)
}

type personRow struct {
	ID     string `db:"id"`
	Active bool   `db:"active"`
	Hold   string `db:"hold"`
}

// PersonOf implements oidc.People. The order is the decision: the User known before, else the one with that userName,
// else, of those with that e-mail, one that is not in force.
func (d *DB) PersonOf(ctx context.Context, company, user, folded string) (oidc.Person, error) {
	var row personRow
	err := d.get(ctx, nil, &row, `select id, active, hold from resources
		where company_id = ? and type = 'User' and id = ?`, company, user)
	if errors.Is(err, resources.ErrNotFound) {
		err = d.get(ctx, nil, &row, `select id, active, hold from resources
			where company_id = ? and type = 'User' and user_name_folded = ?`, company, resources.FoldUserName(folded))
	}
	if errors.Is(err, resources.ErrNotFound) {
		err = d.get(ctx, nil, &row, `select r.id, r.active, r.hold from emails e
			join resources r on r.company_id = e.company_id and r.id = e.user_id
			where e.company_id = ? and e.folded = ? and r.type = 'User'
			order by case when r.active and r.hold = '' then 1 else 0 end, r.id limit 1`, company, resources.FoldEmail(folded))
	}
	return oidc.Person{ID: row.ID, Active: row.Active, Hold: row.Hold}, oidcError(err)
}

// acts are oidc's acts in the record's words.
var acts = map[oidc.Act]audit.Action{
	oidc.ActSignIn:  audit.ActionSignIn,
	oidc.ActBind:    audit.ActionSignIn,
	oidc.ActSignOut: audit.ActionRevoke,
	oidc.ActRefuse:  audit.ActionRefuse,
	oidc.ActEnd:     audit.ActionRevoke,
}

// RecordSignIn implements oidc.Recorder.
func (d *DB) RecordSignIn(ctx context.Context, e oidc.Event) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		return d.appendEntries(ctx, tx, signInEntry(e))
	})
}

func signInEntry(e oidc.Event) audit.Entry {
	entry := audit.Entry{
		Company: e.Company, At: e.At, Action: acts[e.Act], ObjectType: "session", ObjectID: e.Admin, ObjectName: e.Address,
		Actor: audit.Actor{Kind: audit.ActorAdmin, ID: e.Admin, Name: e.Address},
	}
	switch e.Act {
	case oidc.ActBind:
		entry.Reason = "first sign-in: bound to subject " + e.Subject
	case oidc.ActSignOut:
		entry.Reason = "signed out"
	case oidc.ActEnd:
		entry.Actor = audit.Actor{Kind: audit.ActorSystem}
		entry.Reason = string(e.Reason)
	case oidc.ActRefuse:
		entry.ObjectID = e.Issuer
		entry.Reason = fmt.Sprintf("%s (reference %s)", e.Reason, e.Reference)
		if e.Alarm {
			entry.Reason = "alarm: " + entry.Reason
		}
	}
	return entry
}
