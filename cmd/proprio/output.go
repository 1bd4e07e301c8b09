package main

import (
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"proprio/oidc"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
	"proprio/scim/events"
)

// What --json prints. Scripts rely on the names: they stay, whatever becomes of the types they are taken from. Secrets
// are in none of them. The status of an app is push.Status.
type (
	companyJSON struct {
		ID            string    `json:"id"`
		Name          string    `json:"name"`
		OutsideDomain string    `json:"outsideDomain"`
		Suspended     bool      `json:"suspended"`
		Created       time.Time `json:"created"`
		Features      []string  `json:"features"` // of SCIM, turned on
	}
	domainJSON struct {
		Name     string    `json:"name"`
		InForce  bool      `json:"inForce"`
		Verified time.Time `json:"verified,omitzero"`
		Missing  time.Time `json:"missing,omitzero"` // since when the DNS record is gone
		Record   string    `json:"record,omitempty"` // name of the TXT record that proves the domain
		Proof    string    `json:"proof,omitempty"`  // and its value
	}
	connectionJSON struct {
		ID       string             `json:"id"`
		Name     string             `json:"name"`
		Preset   string             `json:"preset"`
		Switches resources.Switches `json:"switches"`
		Disabled bool               `json:"disabled"`
		Created  time.Time          `json:"created"`
		Tokens   []tokenJSON        `json:"tokens"` // newest first

		Client     string    `json:"client,omitempty"`    // the preset that fits the client which its requests show
		ClientBy   string    `json:"clientBy,omitempty"`  // by what it was recognised
		Me         string    `json:"me,omitempty"`        // id of the User that is /Me to it
		LossesHeld time.Time `json:"lossesHeld,omitzero"` // since when it may deactivate and delete nothing more
	}
	// connectionDetailJSON is one connection with every switch, and the attributes it sends that the schemas do not know.
	connectionDetailJSON struct {
		connectionJSON
		Settings map[string]string `json:"settings"` // every switch: on, off or a number
		Unknown  []unknownJSON     `json:"unknown"`  // seen last first
	}
	unknownJSON struct {
		Path     string    `json:"path"`
		Requests int       `json:"requests"`
		LastSeen time.Time `json:"lastSeen"`
	}
	tokenJSON struct {
		ID       string    `json:"id"`
		Scopes   []string  `json:"scopes"`
		Created  time.Time `json:"created"`
		Expires  time.Time `json:"expires,omitzero"`
		LastUsed time.Time `json:"lastUsed,omitzero"`
		Revoked  time.Time `json:"revoked,omitzero"`
	}
	streamJSON struct {
		ID          string    `json:"id"`
		Connection  string    `json:"connection"` // its id
		Description string    `json:"description,omitempty"`
		Method      string    `json:"method"` // push or poll
		Endpoint    string    `json:"endpoint,omitempty"`
		Events      []string  `json:"events"`
		Types       []string  `json:"resourceTypes,omitempty"`
		Groups      []string  `json:"groups,omitempty"` // ids
		Status      string    `json:"status"`
		Reason      string    `json:"reason,omitempty"`
		Waiting     int       `json:"waiting"`  // events that the receiver has not acknowledged
		Failures    int       `json:"failures"` // of push, in a row
		Error       string    `json:"error,omitempty"`
		NextAttempt time.Time `json:"nextAttempt,omitzero"`
		Created     time.Time `json:"created"`
	}
	adminJSON struct {
		ID       string    `json:"id"`
		Address  string    `json:"address"`
		Role     string    `json:"role"`
		Disabled bool      `json:"disabled"`
		Bound    time.Time `json:"bound,omitzero"`   // at the first sign-in
		Issuer   string    `json:"issuer,omitempty"` // to an identity at this issuer
		User     string    `json:"user,omitempty"`   // id of the User in the directory
		Created  time.Time `json:"created"`
	}
	issuerJSON struct {
		ID           string    `json:"id"`
		Name         string    `json:"name"`
		URL          string    `json:"url"`
		ClientID     string    `json:"clientId"`
		Trust        string    `json:"trust"`
		Tenant       string    `json:"tenant,omitempty"`
		CallbackPath string    `json:"callbackPath"` // of the redirect address, after the public URL
		MaxAge       string    `json:"maxAge,omitempty"`
		RequireAMR   []string  `json:"requireAmr,omitempty"`
		AllowPrivate bool      `json:"allowPrivate"`
		Disabled     bool      `json:"disabled"`
		Created      time.Time `json:"created"`
	}
	appJSON struct {
		ID            string    `json:"id"`
		Name          string    `json:"name"`
		Profile       string    `json:"profile"`
		URL           string    `json:"url"`
		Responsible   string    `json:"responsible,omitempty"`
		ScopeGroups   []string  `json:"scopeGroups,omitempty"` // ids; none: everybody
		LinkExisting  bool      `json:"linkExisting"`
		AllowPrivate  bool      `json:"allowPrivate"`
		Paused        bool      `json:"paused"`
		BlockedUntil  time.Time `json:"blockedUntil,omitzero"`
		BlockedReason string    `json:"blockedReason,omitempty"`
		Created       time.Time `json:"created"`
	}
)

func companyOut(c ownership.Company) companyJSON {
	return companyJSON{ID: c.ID, Name: c.Name, OutsideDomain: string(c.OutsideDomain), Suspended: c.Suspended, Created: c.Created,
		Features: c.Features.On()}
}

func domainOut(d ownership.Domain) domainJSON {
	out := domainJSON{Name: d.Name, InForce: d.InForce(), Verified: d.Verified, Missing: d.Missing, Proof: d.Proof}
	if d.Proof != "" {
		out.Record = ownership.ProofRecord(d.Name)
	}
	return out
}

func connectionOut(c resources.Connection, tokens []resources.Token) connectionJSON {
	out := connectionJSON{ID: c.ID, Name: c.Name, Preset: c.Preset, Switches: c.Switches, Disabled: c.Disabled,
		Created: c.Created, Tokens: make([]tokenJSON, len(tokens)), Client: c.Client, ClientBy: c.ClientBy, LossesHeld: c.LossesHeld, Me: c.Me}
	for i, t := range tokens {
		out.Tokens[i] = tokenJSON{ID: t.ID, Scopes: t.Scopes, Created: t.Created, Expires: t.Expires, LastUsed: t.LastUsed,
			Revoked: t.Revoked}
	}
	return out
}

func connectionDetailOut(c resources.Connection, tokens []resources.Token, unknown []resources.Unknown) connectionDetailJSON {
	out := connectionDetailJSON{
		connectionJSON: connectionOut(c, tokens), Settings: map[string]string{}, Unknown: make([]unknownJSON, len(unknown)),
	}
	for _, s := range resources.AllSwitches() {
		out.Settings[s.Name] = s.Value(c.Switches)
	}
	for i, u := range unknown {
		out.Unknown[i] = unknownJSON(u)
	}
	return out
}

func streamOut(s events.Stream, waiting int) streamJSON {
	method := "poll"
	if s.Delivery.Method == events.Push {
		method = "push"
	}
	return streamJSON{ID: s.ID, Connection: s.Connection, Description: s.Description, Method: method, Endpoint: s.Delivery.Endpoint,
		Events: s.Delivered(), Types: s.Feed.Types, Groups: s.Feed.Groups, Status: string(s.Status), Reason: s.Reason, Waiting: waiting,
		Failures: s.Failures, Error: s.Error, NextAttempt: s.NextAttempt, Created: s.Created}
}

func adminOut(a oidc.Admin) adminJSON {
	return adminJSON{ID: a.ID, Address: a.Address, Role: string(a.Role), Disabled: a.Disabled, Bound: a.BoundAt,
		Issuer: a.Issuer, User: a.User, Created: a.Created}
}

func issuerOut(i oidc.Issuer) issuerJSON {
	out := issuerJSON{ID: i.ID, Name: i.Name, URL: i.URL, ClientID: i.ClientID, Trust: string(i.Trust), Tenant: i.Tenant,
		CallbackPath: oidc.CallbackPath(i.ID), RequireAMR: i.Methods, AllowPrivate: i.Private, Disabled: i.Disabled, Created: i.Created}
	if i.MaxAge > 0 {
		out.MaxAge = i.MaxAge.String()
	}
	return out
}

func appOut(a push.App) appJSON {
	return appJSON{ID: a.ID, Name: a.Name, Profile: a.Profile, URL: a.URL, Responsible: a.Responsible, ScopeGroups: a.ScopeGroups,
		LinkExisting: a.LinkExisting, AllowPrivate: a.AllowPrivate, Paused: a.Paused, BlockedUntil: a.BlockedUntil,
		BlockedReason: a.BlockedReason, Created: a.Created}
}

// jsonFlag gives a command the flag --json.
func jsonFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("json", false, "print JSON, with names that stay the same")
}

// printList prints items for people, line by line, or as one JSON array for scripts.
func printList[T, J any](p *program, asJSON bool, items []T, out func(T) J, line func(T)) error {
	if !asJSON {
		for _, item := range items {
			line(item)
		}
		return nil
	}
	list := make([]J, len(items))
	for i, item := range items {
		list[i] = out(item)
	}
	return p.printJSON(list)
}

func (p *program) printJSON(v any) error {
	e := json.NewEncoder(p.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
