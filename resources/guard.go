package resources

import (
	"context"
	"strings"
	"time"

	"proprio/audit"
)

// lossWindow is the time over which a connection's losses are counted, and the age from which something is one: what was
// made within it, such as the account of a connection test, is no loss.
const lossWindow = 24 * time.Hour

// LossBound is how much a connection may take away. Both must be passed.
type LossBound struct {
	Count int       // Users and Groups
	Share int       // percent of the company's Users
	Since time.Time // what came before does not count
	At    time.Time // now
}

// Standing is what a User is to those who administer Proprio.
type Standing struct {
	Admin bool // is one of them, in force
	Last  bool // and nobody else could sign in to change anything
	Made  bool // the caller's connection made the User
}

// Ties are what holds a resource that is about to go; each is looked at more closely where it is there.
type Ties struct {
	Managed  bool // Users have it as their manager
	Referred bool // an attribute of a company's own schema points to it
	Foreign  bool // another connection gave it an externalId, and the caller's did not
	Standing bool // it may be the User of somebody who administers Proprio
}

// Guards tell the directory what it must know before it lets a connection take much away in one stroke (clients.md
// section 8). They speak of the caller's connection.
type Guards interface {
	// Lose is asked before the connection takes one more thing away. held is true when it may not: because this would pass
	// the bound, which is then on record, or because the bound was passed before and nobody has released the connection since.
	Lose(ctx context.Context, c Caller, bound LossBound) (held bool, err error)
	// Ties looks for all that may hold a resource, at once.
	Ties(ctx context.Context, c Caller, id string) (Ties, error)
	// Standing says what a User is to those who administer Proprio.
	Standing(ctx context.Context, c Caller, user string) (Standing, error)
}

// guard refuses a change by which a connection would do what is hardly ever meant. What a person does by hand is meant.
func (p *pending) guard(ctx context.Context, m *MemberChange) error {
	if p.caller.Connection == "" || p.before == nil {
		return nil
	}
	if err := p.guardMembers(m); err != nil {
		return err
	}
	if p.next.rt.Name != TypeUser {
		return nil
	}
	if err := p.guardNames(ctx); err != nil {
		return err
	}
	if !p.before.Index.Active || p.next.rt.Index(p.next.doc).Active {
		return nil
	}
	var err error
	p.loss, err = p.guardLoss(ctx, p.caller, p.before, Ties{Standing: true})
	return err
}

// guardMembers keeps one request from emptying a large Group (H2): one identity provider sends with `replace members` all
// there are to be, another only the new one.
func (p *pending) guardMembers(m *MemberChange) error {
	s := p.caller.Switches
	most, share := orDefault(s.MassRemovalCount, defaultMassRemovalCount), orDefault(s.MassRemovalShare, defaultMassRemovalShare)
	if m == nil || s.AllowMassRemoval || !m.Clear { // members that a request names are meant
		return nil
	}
	all := p.roll.Count
	gone := all - p.roll.staying(m.Add)
	if gone <= most || gone*100 <= share*all {
		return nil
	}
	return Errorf(ErrForbidden, "members", "This request would take %d of the Group's %d members out of it. More than %d and %d %% at once "+
		"need the switch allowMassRemoval of this connection, or a request that names those to remove.", gone, all, most, share)
}

// guardNames keeps a connection from taking over, by its names, the User of somebody who administers Proprio and whom
// another hand made (H4).
func (p *pending) guardNames(ctx context.Context) error {
	if p.caller.Switches.RenameAdmins {
		return nil
	}
	name := "userName"
	if equal(p.old[name], p.next.doc[name]) {
		name = "emails"
	}
	if equal(p.old[name], p.next.doc[name]) {
		return nil
	}
	standing, err := p.Store.Standing(ctx, p.caller, p.id)
	if err != nil || !standing.Admin || standing.Made {
		return err
	}
	return Errorf(ErrForbidden, name, "This User administers Proprio and was not made by this connection, so its %s is not "+
		"this connection's to change; the switch renameAdmins of the connection allows it.", name)
}

// guardDelete keeps a client that deletes whatever it does not know from deleting another connection's (H11).
func (d *Directory) guardDelete(c Caller, r *Resource, ties Ties) error {
	if c.Connection == "" || c.Switches.DeleteForeign || !ties.Foreign {
		return nil
	}
	return Errorf(ErrForbidden, "", "Another connection provisions this %s, and this one gave it no externalId, so it is not this "+
		"connection's to delete; the switch deleteForeign of the connection allows it.", r.Type)
}

// guardLoss is asked before a connection deactivates or deletes something: the last who can administer Proprio stays
// (H9), and so does everybody when more went than a company loses in a day (H12). counts says whether this is a loss.
func (d *Directory) guardLoss(ctx context.Context, c Caller, r *Resource, ties Ties) (counts bool, err error) {
	if c.Connection == "" {
		return false, nil
	}
	if ties.Standing && r.Type == TypeUser && r.Index.Active && r.Index.Hold == "" {
		standing, err := d.Store.Standing(ctx, c, r.ID)
		if err != nil {
			return false, err
		}
		if standing.Last {
			return false, Errorf(ErrForbidden, "", "This User is the last who can administer Proprio. "+
				"Let somebody else administer it first: proprio admin add.")
		}
	}
	now := d.Now().UTC()
	if c.Switches.AllowMassLoss || now.Sub(r.Created) < lossWindow {
		return false, nil
	}
	bound := LossBound{
		Count: orDefault(c.Switches.MassLossCount, defaultMassLossCount),
		Share: orDefault(c.Switches.MassLossShare, defaultMassLossShare),
		Since: now.Add(-lossWindow), At: now,
	}
	held, err := d.Store.Lose(ctx, c, bound)
	if err != nil || !held {
		return true, err
	}
	return false, Errorf(ErrForbidden, "", "Within a day this connection has deactivated or deleted more than %d Users and Groups, and "+
		"more than %d %% of all Users. Further ones wait until an administrator has looked: proprio connection resume %s.",
		bound.Count, bound.Share, quoted(c.Actor))
}

func quoted(a audit.Actor) string { return `"` + strings.ReplaceAll(shorten(a.Name), `"`, `'`) + `"` }
