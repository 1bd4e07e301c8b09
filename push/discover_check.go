package push

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"proprio/ownership"
	"proprio/push/manual"
	"proprio/push/profiles"
	"proprio/resources"
)

// linkChecker says whether accounts of an app may become people's.
type linkChecker struct {
	*Engine
	app     App
	profile profiles.Profile
}

func (e *Engine) checker(app App) (*linkChecker, error) {
	profile, err := e.Profile(app)
	return &linkChecker{e, app, profile}, err
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

// may refuses what the engine could not do with the account, or would do without having been told to.
func (c *linkChecker) may(ctx context.Context, f Found, p Person, verb Verb) error {
	switch {
	case verb == VerbLink && f.Outside() && p.Closes == "":
		return resources.Errorf(resources.ErrInvalidValue, "", "account %s opens by an address that is none of the company's (%s): adopt it, which writes %s over that, or leave it",
			f.Name(), strings.Join(f.account.Logins, ", "), p.UserName)
	case verb == VerbAdopt && p.Closes != "":
		return resources.Errorf(resources.ErrInvalidValue, "", "account %s would be deactivated and not get a new address, because %s: link it to have it closed, or mend that first", f.Name(), p.Closes)
	case verb == VerbAdopt:
		if err := c.mayOverwrite(ctx, f, p); err != nil {
			return err
		}
	}
	return c.confirm(ctx, f)
}

// mayOverwrite refuses an adoption that would leave an outside address in the account.
func (c *linkChecker) mayOverwrite(ctx context.Context, f Found, p Person) error {
	want, err := c.wanted(ctx, f, p)
	if err != nil {
		return err
	}
	name, _ := want["userName"].(string)
	rename := ownership.IsAddress(f.UserName) && resources.FoldUserName(name) != resources.FoldUserName(f.UserName)
	_, mail := want["emails"]
	switch fixed := "%s never changes the %s of an account, so %s cannot become %s's by a new one: change it there by hand, or let a new account be made, " +
		"move what is in the old one, and remove that; meanwhile it may be an exception"; {
	case rename && c.profile.Users.Fixes("userName"):
		return resources.Errorf(resources.ErrMutability, "", fixed, c.profile.Title, "userName", f.Name(), p.UserName)
	case len(f.Emails) > 0 && f.Outside() && c.profile.Users.Fixes("emails"):
		return resources.Errorf(resources.ErrMutability, "", fixed, c.profile.Title, "e-mail address", f.Name(), p.UserName)
	case rename && name == "":
		return resources.Errorf(resources.ErrInvalidValue, "", "the app is sent no userName, so that of account %s would stay: change it there by hand", f.Name())
	case len(f.Emails) > 0 && f.Outside() && !mail:
		return resources.Errorf(resources.ErrInvalidValue, "", "account %s has the e-mail address %s, and %s none to put in its place: give %s a work address at the identity provider first",
			f.Name(), f.Emails[0], p.UserName, p.UserName)
	}
	return nil
}

// wanted is what the app should hold of a person whose account it is.
func (c *linkChecker) wanted(ctx context.Context, f Found, p Person) (fields, error) {
	j := &job{app: c.app, profile: c.profile, store: c.Store, resources: c.Resources, rulebook: c.rulebook,
		account: Account{Company: c.app.Company, App: c.app.ID, ObjectType: resources.TypeUser, ObjectID: p.ID, ObjectName: p.UserName,
			RemoteID: f.key, Origin: OriginLinked}}
	r, _, err := j.object(ctx)
	if err == nil && r == nil {
		err = resources.Errorf(resources.ErrNotFound, "", "there is no User %s", p.UserName)
	}
	if err != nil {
		return nil, err
	}
	want, err := j.wanted(ctx, r)
	if refused, ok := isFailure(err); ok {
		return nil, resources.Errorf(resources.ErrInvalidValue, "", "%s", refused.words)
	}
	return want, err
}

// link makes a decision one that links. Where people do by hand what is to be done, what the export shows counts as done.
func (c *linkChecker) link(ctx context.Context, d Decision, f Found, p Person) (Decision, error) {
	d.User, d.UserName = p.ID, p.UserName
	if !c.profile.ByHand() {
		return d, nil
	}
	want, err := c.wanted(ctx, f, p)
	if err != nil {
		return d, err
	}
	want["active"] = f.Active
	if name, _ := want["userName"].(string); resources.FoldUserName(name) != resources.FoldUserName(f.UserName) {
		want["userName"] = f.UserName
	}
	if _, ruled := want["roles"]; ruled && len(f.Roles) > 0 {
		var roles []any
		for _, r := range f.Roles {
			roles = append(roles, fields{"value": r})
		}
		want["roles"] = roles
	}
	d.Written = encodeFields(manual.Flat(want, c.profile.Manual.Attributes))
	return d, nil
}

// confirm makes sure that the app knows an account that was seen in a file only: by another id it would be another's.
func (c *linkChecker) confirm(ctx context.Context, f Found) error {
	if !f.export || c.profile.ByHand() {
		return nil
	}
	if f.byAddress {
		return resources.Errorf(resources.ErrInvalidValue, "", "the export has no ids, so the engine could not find account %s again: read the accounts from the app itself, or export them with their ids", f.Name())
	}
	doc, _, err := c.ReadUser(ctx, c.app, f.RemoteID)
	if err != nil {
		return fmt.Errorf("account %s was not looked up: %w", f.Name(), err)
	}
	if doc != nil {
		keys := f.aliases()
		if slices.ContainsFunc(addressesOf(doc), func(s string) bool { return slices.Contains(keys, s) }) {
			return nil
		}
	}
	return resources.Errorf(resources.ErrNotFound, "", "the app shows no account %s with id %s: the file is old, or its ids are not those of the app's interface; read the accounts from the app itself", f.Name(), f.RemoteID)
}
