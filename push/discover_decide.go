package push

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"proprio/audit"
	"proprio/resources"
)

// Link makes an account that was found a person's: the engine answers for it from now on, and its next push brings it up to
// date instead of making another. What it would write over an address that is none of the company's waits for Adopt.
func (e *Engine) Link(ctx context.Context, by audit.Actor, app App, f Found, user, reason string) error {
	return e.link(ctx, by, app, f, user, reason, VerbLink)
}

// Adopt is Link of an account with a private or foreign address: the person's userName and addresses take its place.
func (e *Engine) Adopt(ctx context.Context, by audit.Actor, app App, f Found, user, reason string) error {
	return e.link(ctx, by, app, f, user, reason, VerbAdopt)
}

func (e *Engine) link(ctx context.Context, by audit.Actor, app App, f Found, user, reason string, verb Verb) error {
	standings, err := e.standings(ctx, app, resources.TypeUser, []string{user})
	if err != nil {
		return err
	}
	standing := standings[user]
	if !standing.Exists {
		return resources.Errorf(resources.ErrNotFound, "", "there is no User %s", user)
	}
	person := personOf(app, user, standing)
	if err := mayBe(f, person); err != nil {
		return err
	}
	if f.Relation == Linked && !f.free {
		return nil // done already
	}
	check, err := e.checker(app)
	if err == nil {
		err = check.may(ctx, f, person, verb)
	}
	if err != nil {
		return err
	}
	d, err := check.link(ctx, e.decision(by, app, f, verb, reason), f, person)
	if err != nil {
		return err
	}
	return e.record(ctx, by, app, []Decision{d})
}

// record links accounts, and has them sent.
func (e *Engine) record(ctx context.Context, by audit.Actor, app App, links []Decision) error {
	entries := make([]audit.Entry, len(links))
	for i, d := range links {
		entries[i] = entryOf(by, app, d)
	}
	if err := e.Store.LinkAccounts(ctx, e.Now(), links, entries...); err != nil {
		return err
	}
	e.Wake()
	return nil
}

// Leave notes that an account is not the company's: nobody is asked again, and the engine never touches it.
func (e *Engine) Leave(ctx context.Context, by audit.Actor, app App, f Found, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return resources.Errorf(resources.ErrInvalidValue, "reason", "say why account %s is not the company's", f.Name())
	}
	return e.decide(ctx, by, app, f, e.decision(by, app, f, VerbLeave, reason))
}

// Except lets an account stay as it is until a time, on the word of somebody who answers for it. Then it is shown again.
func (e *Engine) Except(ctx context.Context, by audit.Actor, app App, f Found, until time.Time, responsible, reason string) error {
	switch address, err := mail.ParseAddress(responsible); {
	case strings.TrimSpace(reason) == "":
		return resources.Errorf(resources.ErrInvalidValue, "reason", "say why account %s may stay as it is", f.Name())
	case err != nil || address.Address != responsible:
		return resources.Errorf(resources.ErrInvalidValue, "responsible", "%q is not the e-mail address of who answers for account %s", responsible, f.Name())
	case !until.After(e.Now()):
		return resources.Errorf(resources.ErrInvalidValue, "until", "%s has passed: an exception ends in the future", until.Format(time.DateOnly))
	case until.After(e.Now().AddDate(maxException, 0, 0)):
		return resources.Errorf(resources.ErrInvalidValue, "until", "%s is too far away: an exception is looked at again within %d year", until.Format(time.DateOnly), maxException)
	}
	d := e.decision(by, app, f, VerbExcept, reason)
	d.Until, d.Responsible = until.UTC(), responsible
	return e.decide(ctx, by, app, f, d)
}

// Reopen takes back that an account was left or excepted: somebody has to decide again.
func (e *Engine) Reopen(ctx context.Context, by audit.Actor, app App, f Found, reason string) error {
	if f.Decision == nil || !f.Decision.SetAside() {
		return resources.Errorf(resources.ErrNotFound, "", "account %s was neither left nor excepted", f.Name())
	}
	before := *f.Decision
	before.Keys = f.aliases()
	before.Verb, before.Reason, before.At = VerbReopen, strings.TrimSpace(reason), e.Now().UTC()
	return e.Store.Reopen(ctx, before, entryOf(by, app, before))
}

// maxException is how many years an exception may last: accounts are reviewed at least yearly.
const maxException = 1

// decide records a decision that leaves the account alone.
func (e *Engine) decide(ctx context.Context, by audit.Actor, app App, f Found, d Decision) error {
	if f.Relation == Linked && !f.free {
		return resources.Errorf(resources.ErrUniqueness, "", "account %s is %s's, and the engine answers for it: take %s out of the app's scope, or change the account in the directory",
			f.Name(), f.People[0].UserName, f.People[0].UserName)
	}
	return e.Store.Decide(ctx, []Decision{d}, entryOf(by, app, d))
}

// decision is one about an account.
func (e *Engine) decision(by audit.Actor, app App, f Found, verb Verb, reason string) Decision {
	d := Decision{Company: app.Company, App: app.ID, Account: f.key, ByAddress: f.byAddress, Name: f.Name(), Verb: verb,
		Reason: strings.TrimSpace(reason), At: e.Now().UTC(), By: by.Name, Keys: f.aliases(), Holder: f.holder}
	if f.byAddress {
		d.Address = f.key
	} else if keys := f.account.AddressKeys(); len(keys) > 0 {
		d.Address = keys[0]
		if folded := resources.FoldEmail(f.UserName); slices.Contains(keys, folded) {
			d.Address = folded
		}
	}
	return d
}

// entryOf records a decision.
func entryOf(by audit.Actor, app App, d Decision) audit.Entry {
	reason := d.Reason
	switch d.Verb {
	case VerbLink, VerbAdopt, VerbUnlink:
		reason = strings.TrimSuffix(d.UserName+": "+reason, ": ")
	case VerbExcept:
		reason = fmt.Sprintf("until %s, %s: %s", d.Until.Format(time.DateOnly), d.Responsible, reason)
	}
	return audit.Entry{Company: app.Company, At: d.At, Actor: by, Action: audit.ActionModify, ObjectType: "account", ObjectID: d.Account,
		ObjectName: d.Name + " (" + app.Name + ")", Changed: []string{string(d.Verb)}, Reason: reason}
}
