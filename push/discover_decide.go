package push

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"proprio/audit"
	"proprio/push/profiles"
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
	if err := e.mayWrite(ctx, app, f, person, verb); err != nil {
		return err
	}
	if err := e.confirm(ctx, app, f); err != nil {
		return err
	}
	d := e.decision(by, app, f, verb, reason)
	d.User, d.UserName = person.ID, person.UserName
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

// mayBe refuses to give a person the account of somebody else.
func mayBe(f Found, p Person) error {
	among := slices.ContainsFunc(f.People, func(q Person) bool { return q.ID == p.ID })
	switch {
	case among || len(f.People) == 0 || f.free: // whether it is free yet, the store knows
		return nil
	case f.Relation == Linked:
		return resources.Errorf(resources.ErrUniqueness, "", "account %s is %s's already, so it cannot be %s's", f.Name(), f.People[0].UserName, p.UserName)
	}
	var names []string
	for _, q := range f.People {
		names = append(names, q.UserName)
	}
	return resources.Errorf(resources.ErrUniqueness, "", "account %s bears the name, an address or a number of %s: it cannot be %s's before that is changed in the app or in the directory",
		f.Name(), strings.Join(names, ", "), p.UserName)
}

// mayWrite refuses what the engine could not do with the account, or would do without having been told to.
func (e *Engine) mayWrite(ctx context.Context, app App, f Found, p Person, verb Verb) error {
	profile, err := e.Profile(app)
	if err != nil {
		return err
	}
	switch {
	case verb == VerbLink && f.Outside() && p.Closes == "":
		return resources.Errorf(resources.ErrInvalidValue, "", "account %s opens by an address that is none of the company's (%s): adopt it, which writes %s over that, or leave it",
			f.Name(), strings.Join(f.account.Logins, ", "), p.UserName)
	case verb == VerbLink:
		return nil
	case p.Closes != "":
		return resources.Errorf(resources.ErrInvalidValue, "", "account %s would be deactivated and not get a new address, because %s: link it to have it closed, or mend that first", f.Name(), p.Closes)
	case profile.Users.Fixes("userName") && resources.FoldUserName(f.UserName) != resources.FoldUserName(p.UserName):
		return fixed(profile, f, p, "userName")
	}
	return e.mayReplaceMail(ctx, app, profile, f, p)
}

// mayReplaceMail refuses an adoption that would leave an outside address in the account.
func (e *Engine) mayReplaceMail(ctx context.Context, app App, profile profiles.Profile, f Found, p Person) error {
	if len(f.Emails) == 0 || !f.Outside() {
		return nil
	}
	j := &job{app: app, profile: profile, store: e.Store, resources: e.Resources, rulebook: e.rulebook,
		account: Account{Company: app.Company, App: app.ID, ObjectType: resources.TypeUser, ObjectID: p.ID, ObjectName: p.UserName}}
	r, _, err := j.object(ctx)
	if err != nil || r == nil {
		return err
	}
	want, err := j.wanted(ctx, r)
	if refused, ok := isFailure(err); ok {
		return resources.Errorf(resources.ErrInvalidValue, "", "%s", refused.words)
	}
	if err != nil {
		return err
	}
	if profile.Users.Fixes("emails") {
		return fixed(profile, f, p, "e-mail address")
	}
	if _, has := want["emails"]; !has {
		return resources.Errorf(resources.ErrInvalidValue, "", "account %s has the e-mail address %s, and %s none to put in its place: give %s a work address at the identity provider first",
			f.Name(), f.Emails[0], p.UserName, p.UserName)
	}
	return nil
}

func fixed(profile profiles.Profile, f Found, p Person, what string) error {
	return resources.Errorf(resources.ErrMutability, "", "%s never changes the %s of an account, so %s cannot become %s's by a new one: change it there by hand, or let a new account be "+
		"made for %s, move what is in the old one, and remove that; meanwhile it may be an exception", profile.Title, what, f.Name(), p.UserName, p.UserName)
}

// confirm makes sure that the app knows an account that was seen in a file only: by another id it would be another's.
func (e *Engine) confirm(ctx context.Context, app App, f Found) error {
	profile, err := e.Profile(app)
	if err != nil || !f.export || profile.Protocol == protocolManual {
		return err
	}
	if f.byAddress {
		return resources.Errorf(resources.ErrInvalidValue, "", "the export has no ids, so the engine could not find account %s again: read the accounts from the app itself, or export them with their ids", f.Name())
	}
	doc, _, err := e.ReadUser(ctx, app, f.RemoteID)
	if err != nil {
		return fmt.Errorf("account %s was not looked up: %w", f.Name(), err)
	}
	if doc != nil {
		for _, s := range append(valuesAt(doc, "emails.value"), doc.Text("userName")) {
			if slices.Contains(f.account.AddressKeys(), resources.FoldEmail(s)) || resources.FoldUserName(s) == resources.FoldUserName(f.UserName) {
				return nil
			}
		}
	}
	return resources.Errorf(resources.ErrNotFound, "", "the app shows no account %s with id %s: the file is old, or its ids are not those of the app's interface; read the accounts from the app itself", f.Name(), f.RemoteID)
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
	if f.Decision == nil || !f.Decision.HandsOff() {
		return resources.Errorf(resources.ErrNotFound, "", "account %s was neither left nor excepted", f.Name())
	}
	before := *f.Decision
	before.Verb, before.Reason, before.At = VerbReopen, strings.TrimSpace(reason), e.Now().UTC()
	return e.Store.Reopen(ctx, before, entryOf(by, app, before))
}

// maxException is how many years an exception may last: accounts are reviewed at least yearly.
const maxException = 1

// decide records a decision that leaves the account alone.
func (e *Engine) decide(ctx context.Context, by audit.Actor, app App, f Found, d Decision) error {
	if f.Relation == Linked {
		return resources.Errorf(resources.ErrUniqueness, "", "account %s is %s's, and the engine answers for it: take %s out of the app's scope, or change the account in the directory",
			f.Name(), f.People[0].UserName, f.People[0].UserName)
	}
	return e.Store.Decide(ctx, []Decision{d}, entryOf(by, app, d))
}

// decision is one about an account.
func (e *Engine) decision(by audit.Actor, app App, f Found, verb Verb, reason string) Decision {
	d := Decision{Company: app.Company, App: app.ID, Account: f.key, ByAddress: f.byAddress, Name: f.Name(), Verb: verb,
		Reason: strings.TrimSpace(reason), At: e.Now().UTC(), By: by.Name}
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
	case VerbLink, VerbAdopt:
		reason = strings.TrimSuffix(d.UserName+": "+reason, ": ")
	case VerbExcept:
		reason = fmt.Sprintf("until %s, %s: %s", d.Until.Format(time.DateOnly), d.Responsible, reason)
	}
	return audit.Entry{Company: app.Company, At: d.At, Actor: by, Action: audit.ActionModify, ObjectType: "account", ObjectID: d.Account,
		ObjectName: d.Name + " (" + app.Name + ")", Changed: []string{string(d.Verb)}, Reason: reason}
}
