package rest

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"proprio/scim/client"
)

// zendeskKey is a Zendesk credential: an API token with the address of the admin who calls.
type zendeskKey struct {
	Email string `json:"email"`
	Token string `json:"token"`
}

// openZendesk opens the staff of a Zendesk account. Its credential is an OAuth access token, or an API token with an address.
func openZendesk(c connection) (*remote, error) {
	build := func(a *api) product { return product{users: zendeskUsers{api: a}} }
	if !isObject(c.config.Token) {
		token, err := bearer("Zendesk", c.config.Token)
		if err != nil {
			return nil, err
		}
		return c.open(fixedHeader("Authorization", "Bearer "+token), zendeskTerms, build)
	}
	var key zendeskKey
	if err := readCredential("Zendesk", c.config.Token, &key); err != nil {
		return nil, err
	}
	if err := require("Zendesk", field{"email", key.Email}, field{"token", key.Token}); err != nil {
		return nil, err
	}
	login := base64.StdEncoding.EncodeToString([]byte(key.Email + "/token:" + key.Token))
	return c.open(fixedHeader("Authorization", "Basic "+login), zendeskTerms, build, key.Token, login)
}

// zendeskTerms: a value that somebody has already comes as 422 with a code inside.
func zendeskTerms(e *client.Error, a client.Answer) {
	text := string(a.Body)
	if e.Status == http.StatusUnprocessableEntity && (strings.Contains(text, "DuplicateValue") || strings.Contains(text, "already being used")) {
		e.Status, e.ScimType = http.StatusConflict, "uniqueness"
	}
	if doc, err := a.Document(); err == nil && doc.Text("description") != "" {
		e.Detail = doc.Text("error") + ": " + doc.Text("description")
	}
}

const endUser = "end-user"

// zendeskUsers are a Zendesk account's agents and admins. To Zendesk its customers are users, too; to the engine they are
// accounts that are not active.
type zendeskUsers struct {
	kept
	api *api
}

func (z zendeskUsers) list(ctx context.Context, q query, r *reading) error {
	switch q.attribute {
	case "":
		ask := url.Values{"role[]": {"agent", "admin"}, "page[size]": {strconv.Itoa(pageSize(q, 100))}}
		return zendeskPages(ctx, z.api, r, "/users", "users", ask, z.account)
	case "userName":
		return z.found(ctx, r, "/users/search", url.Values{"query": {`email:"` + strings.ReplaceAll(q.value, `"`, "") + `"`}, "per_page": {"100"}})
	case "externalId":
		return z.found(ctx, r, "/users/show_many", url.Values{"external_ids": {q.value}})
	}
	return q.unknown()
}

// found reads the one page that a search for one value has.
func (z zendeskUsers) found(ctx context.Context, r *reading, path string, ask url.Values) error {
	doc, err := z.api.get(ctx, path, ask)
	if err != nil {
		return err
	}
	users, err := z.api.elements(path, doc, "users")
	if err != nil {
		return err
	}
	if doc.Text("next_page") != "" {
		return r.incomplete("a search for one person finds more than a page")
	}
	return r.page(z.account, users)
}

// zendeskPages reads a list by cursor.
func zendeskPages(ctx context.Context, a *api, r *reading, path, name string, ask url.Values, show show) error {
	return r.each(show, func(from string) ([]client.Document, string, error) {
		if from != "" {
			ask.Set("page[after]", from)
		}
		doc, err := a.get(ctx, path, ask)
		if err != nil {
			return nil, "", err
		}
		next, meta := "", inner(doc, "meta")
		if meta.Flag("has_more", false) {
			if next = meta.Text("after_cursor"); next == "" {
				return nil, "", r.incomplete("Zendesk says that there are more, but not where")
			}
		}
		page, err := a.elements(path, doc, name)
		return page, next, err
	})
}

func (z zendeskUsers) account(u client.Document) client.Document {
	role := u.Text("role")
	a := account(u.ID(), u.Text("email"), role != endUser && !u.Flag("suspended", false))
	put(a, "displayName", u.Text("name"))
	put(a, "externalId", u.Text("external_id"))
	if own := number(u, "custom_role_id"); own != "" && role == "agent" {
		a["roles"] = valued(role, role+":"+own)
	} else {
		a["roles"] = valued(role)
	}
	return a
}

func (z zendeskUsers) get(ctx context.Context, id string) (client.Document, error) {
	doc, err := z.api.one(ctx, "/users", id, nil)
	if err != nil {
		return nil, err
	}
	return z.account(inner(doc, "user")), nil
}

func (z zendeskUsers) create(ctx context.Context, resource fields) (client.Document, error) {
	d := client.Document(resource)
	user := staffRole(values(resource, "roles"))
	user["email"], user["name"] = d.Text("userName"), d.Text("displayName")
	if id := d.Text("externalId"); id != "" {
		user["external_id"] = id
	}
	doc, err := z.api.write(ctx, http.MethodPost, "/users", fields{"user": user})
	if err != nil {
		return nil, err
	}
	return z.account(inner(doc, "user")), nil
}

// staffRole is the role of somebody who is to be active: the one that is wanted, with a custom role's number where it has
// one, or agent.
func staffRole(roles []string) fields {
	out := fields{"role": "agent"}
	for _, role := range roles {
		name, own, custom := strings.Cut(role, ":")
		switch {
		case custom:
			return fields{"role": name, "custom_role_id": json64(own)}
		case name != endUser:
			out["role"] = name
		}
	}
	return out
}

// change writes what is wanted. Whoever is to be out gives back the open tickets, then loses the role, which frees the seat,
// and then the sign-in: a suspended agent keeps the seat.
func (z zendeskUsers) change(ctx context.Context, id string, c change) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	path = "/users" + path
	if active, told := c.flag("active"); told && !active {
		if err := z.freeTickets(ctx, path); err != nil {
			return err
		}
		if _, err := z.api.write(ctx, http.MethodPut, path, fields{"user": fields{"role": endUser}}); err != nil {
			return err
		}
		_, err := z.api.write(ctx, http.MethodPut, path, fields{"user": fields{"suspended": true}})
		return err
	}
	doc, err := z.rewrite(ctx, path, c)
	if err != nil {
		return err
	}
	address := c.text("userName")
	if address == "" || same(address, inner(doc, "user").Text("email")) {
		return nil
	}
	return z.readdress(ctx, path, address)
}

// rewrite writes role and name, as far as the change is about them, and returns the user.
func (z zendeskUsers) rewrite(ctx context.Context, path string, c change) (client.Document, error) {
	user := fields{}
	if _, told := c.flag("active"); told { // the role went with the access
		user = staffRole(values(c.set, "roles"))
		user["suspended"] = false
	} else if c.has("roles") {
		user = staffRole(values(c.set, "roles"))
	}
	if name := c.text("displayName"); name != "" {
		user["name"] = name
	}
	if len(user) == 0 {
		return z.api.get(ctx, path, nil)
	}
	return z.api.write(ctx, http.MethodPut, path, fields{"user": user})
}

// readdress makes an address the primary one: written as a user's e-mail it would only become a further one.
func (z zendeskUsers) readdress(ctx context.Context, path, address string) error {
	path += "/identities"
	doc, err := z.api.get(ctx, path, nil)
	if err != nil {
		return err
	}
	identities, err := z.api.elements(path, doc, "identities")
	if err != nil {
		return err
	}
	at := slices.IndexFunc(identities, func(i client.Document) bool { return i.Text("type") == "email" && same(i.Text("value"), address) })
	var id string
	if at >= 0 {
		id = identities[at].ID()
	} else {
		doc, err := z.api.write(ctx, http.MethodPost, path, fields{"identity": fields{"type": "email", "value": address, "verified": true}})
		if err != nil {
			return err
		}
		id = inner(doc, "identity").ID()
	}
	one, err := segment(id)
	if err != nil {
		return err
	}
	_, err = z.api.call(ctx, client.Call{Method: http.MethodPut, Path: path + one + "/make_primary"})
	return err
}
