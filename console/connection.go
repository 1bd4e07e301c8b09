package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"proprio/resources"
)

const (
	exchangesShown = 25
	tokenLifetime  = 365 * 24 * time.Hour
	tokensAtOnce   = 2 // resources.Connections allows two, for rotation
)

// connectionPage is one identity provider: its tokens and what it sent last.
type connectionPage struct {
	connectionRow
	Tokens    []tokenRow
	Clients   []Client
	Streams   []Stream // one at most
	CanCreate bool
	Created   string   // a token that was just made, shown this once
	Switches  []string // name=value of those that are not at their default
	Unknown   []resources.Unknown
	Exchanges []exchangeView
}

type tokenRow struct {
	resources.Token
	State string
}

// exchangeView is a request of the identity provider, decoded.
type exchangeView struct {
	resources.Exchange
	Decoded exchange
}

// connection shows one identity provider.
func (c *Console) connection(v *visit) error { return c.showConnection(v, "") }

func (c *Console) showConnection(v *visit, created string) error {
	ctx := v.r.Context()
	conn, tokens, err := c.findConnection(ctx, v)
	if err != nil {
		return err
	}
	clients, streams, err := c.connected(ctx, v.session.Company)
	if err != nil {
		return err
	}
	clients, streams = connectedTo(conn.ID, clients, streams)
	p := connectionPage{connectionRow: newConnectionRow(conn, tokens, clients, c.Now()), Created: created, Clients: clients, Streams: streams}
	p.CanCreate = p.InForce < tokensAtOnce
	for _, t := range tokens {
		p.Tokens = append(p.Tokens, tokenRow{Token: t, State: tokenState(t, c.Now())})
	}
	p.Switches = setSwitches(conn.Switches)
	if p.Unknown, err = c.Connections.Unknowns(ctx, v.session.Company, conn.ID); err != nil {
		return err
	}
	exchanges, err := c.Connections.Exchanges(ctx, v.session.Company, conn.ID, exchangesShown)
	if err != nil {
		return err
	}
	for _, e := range exchanges {
		p.Exchanges = append(p.Exchanges, exchangeView{Exchange: e, Decoded: decode(e.Method, e.Path, e.Status, e.Request, e.Response)})
	}
	return c.render(v, http.StatusOK, "connection", p)
}

// setSwitches lists the switches that are not at their default.
func setSwitches(of resources.Switches) []string {
	var set []string
	for _, s := range resources.AllSwitches() {
		if value := s.Value(of); value != s.Value(resources.Switches{}) {
			set = append(set, s.Name+"="+value)
		}
	}
	return set
}

// findConnection returns the connection that the path names, in the session's company, with its tokens.
func (c *Console) findConnection(ctx context.Context, v *visit) (resources.Connection, []resources.Token, error) {
	list, tokens, err := c.Connections.ListConnections(ctx, v.session.Company)
	if err != nil {
		return resources.Connection{}, nil, err
	}
	id := v.r.PathValue("id")
	i := slices.IndexFunc(list, func(conn resources.Connection) bool { return conn.ID == id })
	if i < 0 {
		return resources.Connection{}, nil, resources.Errorf(resources.ErrNotFound, "", "no connection %q", id)
	}
	return list[i], tokens[id], nil
}

// createToken makes a second token and shows it once: the page itself is the answer, so that the token is in no
// address, no cookie and no log.
func (c *Console) createToken(v *visit) error {
	ctx := v.r.Context()
	conn, _, err := c.findConnection(ctx, v)
	if err != nil {
		return err
	}
	token, hash := resources.NewToken()
	now := c.Now()
	err = c.Connections.CreateToken(ctx, v.actor(), resources.Token{
		ID: c.NewID(), Company: conn.Company, Connection: conn.ID, Scopes: []string{"scim"},
		Created: now, Expires: now.Add(tokenLifetime),
	}, hash)
	switch {
	case errors.Is(err, resources.ErrTooMany):
		return back(v, "/connections/"+conn.ID, "problem", "tokens")
	case err != nil:
		return err
	}
	return c.showConnection(v, token)
}

// revokeToken ends a token at once. The token must belong to the connection of the path.
func (c *Console) revokeToken(v *visit) error {
	ctx := v.r.Context()
	conn, tokens, err := c.findConnection(ctx, v)
	if err != nil {
		return err
	}
	id := v.r.PathValue("token")
	if !slices.ContainsFunc(tokens, func(t resources.Token) bool { return t.ID == id }) {
		return resources.Errorf(resources.ErrNotFound, "", "no token %q", id)
	}
	if err := c.Connections.RevokeToken(ctx, v.actor(), v.session.Company, id); err != nil {
		return err
	}
	return back(v, "/connections/"+conn.ID, "done", "revoke")
}

func (c *Console) disableConnection(v *visit) error { return c.switchConnection(v, true, "disable") }

func (c *Console) enableConnection(v *visit) error { return c.switchConnection(v, false, "enable") }

// resumeConnection lets a connection deactivate and delete again that was held for doing so too often.
func (c *Console) resumeConnection(v *visit) error {
	ctx := v.r.Context()
	conn, _, err := c.findConnection(ctx, v)
	if err != nil {
		return err
	}
	if err := c.Connections.ResumeLosses(ctx, v.actor(), conn.Company, conn.ID); err != nil {
		return err
	}
	return back(v, "/connections/"+conn.ID, "done", "losses")
}

// switchConnection refuses, or accepts again, everything the identity provider sends.
func (c *Console) switchConnection(v *visit, disabled bool, done string) error {
	ctx := v.r.Context()
	conn, _, err := c.findConnection(ctx, v)
	if err != nil {
		return err
	}
	if conn.Disabled != disabled {
		conn.Disabled = disabled
		if err := c.Connections.SetConnection(ctx, v.actor(), conn); err != nil {
			return err
		}
	}
	return back(v, "/connections/"+conn.ID, "done", done)
}
