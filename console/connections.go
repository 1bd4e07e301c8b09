package console

import (
	"net/http"
	"time"

	"proprio/resources"
)

// The states of a token, as the pages name them.
const (
	tokenActive   = "active"
	tokenExpiring = "expiring"
	tokenExpired  = "expired"
	tokenRevoked  = "revoked"
)

func tokenState(t resources.Token, now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return tokenRevoked
	case t.Expires.IsZero():
		return tokenActive
	case !now.Before(t.Expires):
		return tokenExpired
	case t.Expires.Sub(now) < expiringWithin:
		return tokenExpiring
	}
	return tokenActive
}

type connectionsPage struct{ Rows []connectionRow }

// connectionRow is one inbound identity provider.
type connectionRow struct {
	resources.Connection
	State    string // enabled, held, disabled
	InForce  int    // tokens
	OAuth    int    // clients that get tokens by themselves
	Receives bool   // it has an event stream
	LastUsed time.Time
	Expires  time.Time // the soonest end of a token in force; zero: none ends
}

// connections lists the company's identity providers.
func (c *Console) connections(v *visit) error {
	list, tokens, err := c.Connections.ListConnections(v.r.Context(), v.session.Company)
	if err != nil {
		return err
	}
	clients, streams, err := c.connected(v.r.Context(), v.session.Company)
	if err != nil {
		return err
	}
	var p connectionsPage
	for _, conn := range list {
		clients, streams := connectedTo(conn.ID, clients, streams)
		row := newConnectionRow(conn, tokens[conn.ID], clients, c.Now())
		row.Receives = len(streams) > 0
		p.Rows = append(p.Rows, row)
	}
	return c.render(v, http.StatusOK, "connections", p)
}

func newConnectionRow(conn resources.Connection, tokens []resources.Token, clients []Client, now time.Time) connectionRow {
	row := connectionRow{Connection: conn, State: "enabled", OAuth: len(clients)}
	for _, client := range clients {
		if client.LastUsed.After(row.LastUsed) {
			row.LastUsed = client.LastUsed
		}
	}
	switch {
	case conn.Disabled:
		row.State = "disabled"
	case !conn.LossesHeld.IsZero():
		row.State = "held"
	}
	for _, t := range tokens {
		if t.LastUsed.After(row.LastUsed) {
			row.LastUsed = t.LastUsed
		}
		if state := tokenState(t, now); state == tokenRevoked || state == tokenExpired {
			continue
		}
		row.InForce++
		if !t.Expires.IsZero() && (row.Expires.IsZero() || t.Expires.Before(row.Expires)) {
			row.Expires = t.Expires
		}
	}
	return row
}
