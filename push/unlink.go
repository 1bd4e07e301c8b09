package push

import (
	"cmp"
	"context"
	"strings"

	"proprio/audit"
	"proprio/resources"
	"proprio/scim/client"
)

// Unlink takes back that an account of an app is a User's: the engine forgets it and leaves it as it is, with its memberships.
// It is open for a decision again, and the engine does not take it by itself. The User (id) is then as one who never had an
// account there.
func (e *Engine) Unlink(ctx context.Context, by audit.Actor, app App, user, reason string) error {
	rows, err := e.Store.AccountsIn(ctx, app.Company, app.ID, resources.TypeUser, []string{user})
	if err != nil {
		return err
	}
	row, known := rows[user]
	name := cmp.Or(row.ObjectName, user)
	switch {
	case !known || !row.There():
		return resources.Errorf(resources.ErrNotFound, "", "%s has no account in %s", name, app.Name)
	case row.Origin != OriginLinked:
		return resources.Errorf(resources.ErrInvalidValue, "", "the account of %s in %s was made by the engine, and not linked: take %s out of the app's scope to have it closed",
			name, app.Name, name)
	}
	d, err := e.unlinking(ctx, by, app, row, reason)
	if err != nil {
		return err
	}
	if err := e.Store.Unlink(ctx, e.Now(), d, entryOf(by, app, d)); err != nil {
		return err
	}
	e.Wake()
	return nil
}

// unlinking is the decision that takes a link back, in the place of the one that made it, if one did.
func (e *Engine) unlinking(ctx context.Context, by audit.Actor, app App, row Account, reason string) (Decision, error) {
	written, err := decodeFields(row.Written)
	if err != nil {
		return Decision{}, err
	}
	d := Decision{Account: row.RemoteID, Name: cmp.Or(client.Document(written).Text("userName"), row.ObjectName)}
	if known := addressesOf(written); len(known) > 0 {
		d.Address = known[len(known)-1] // the userName, folded
	}
	earlier, err := e.Store.DecisionsOn(ctx, app.Company, app.ID, []string{row.RemoteID}, []string{row.RemoteID})
	for _, before := range earlier {
		if before.User == row.ObjectID {
			d.ByAddress, d.Address = before.ByAddress, before.Address
		}
	}
	d.Company, d.App, d.Verb, d.User, d.UserName = app.Company, app.ID, VerbUnlink, row.ObjectID, row.ObjectName
	d.Reason, d.At, d.By = strings.TrimSpace(reason), e.Now().UTC(), by.Name
	return d, err
}
