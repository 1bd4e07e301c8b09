package rest

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"proprio/scim/client"
)

// openHubSpot opens the users of a HubSpot account. Its credential is a private app's access token.
func openHubSpot(c connection) (*remote, error) {
	token, err := bearer("HubSpot", c.config.Token)
	if err != nil {
		return nil, err
	}
	return c.open(fixedHeader("Authorization", "Bearer "+token), nil, func(a *api) product { return product{users: hubspotUsers{api: a}} })
}

// superAdmin is shown as a role. It cannot be given.
const superAdmin = "super-admin"

// byNumber says what an id in a path is.
func byNumber() url.Values { return url.Values{"idProperty": {"USER_ID"}} }

// hubspotUsers are the users of a HubSpot account. There is no inactive one: who is to be out is removed from the account,
// whose records stay.
type hubspotUsers struct{ api *api }

func (h hubspotUsers) list(ctx context.Context, q query, r *reading) error {
	switch q.attribute {
	case "":
	case "userName":
		return h.byAddress(ctx, q.value, r)
	default:
		return q.unknown()
	}
	ask := url.Values{"limit": {strconv.Itoa(pageSize(q, 100))}}
	return r.each(h.account, func(from string) ([]client.Document, string, error) {
		if from != "" {
			ask.Set("after", from)
		}
		return h.page(ctx, ask)
	})
}

func (h hubspotUsers) page(ctx context.Context, ask url.Values) (users []client.Document, next string, err error) {
	doc, err := h.api.get(ctx, "", ask)
	if err != nil {
		return nil, "", err
	}
	users, err = h.api.elements("", doc, "results")
	return users, inner(inner(doc, "paging"), "next").Text("after"), err
}

// byAddress reads one user. That nobody is there counts only when the list answers: a wrong address says so of everybody.
func (h hubspotUsers) byAddress(ctx context.Context, address string, r *reading) error {
	doc, err := h.api.one(ctx, "", address, url.Values{"idProperty": {"EMAIL"}})
	if notThere(err) {
		_, _, err = h.page(ctx, url.Values{"limit": {"1"}})
		return err
	}
	if err != nil {
		return err
	}
	return r.page(h.account, []client.Document{doc})
}

func (h hubspotUsers) account(u client.Document) client.Document {
	a := account(u.ID(), u.Text("email"), true)
	named(a, u.Text("firstName"), u.Text("lastName"))
	roles := texts(u["roleIds"])
	if u.Flag("superAdmin", false) {
		roles = append(roles, superAdmin)
	}
	if len(roles) > 0 {
		a["roles"] = valued(roles...)
	}
	return a
}

func (h hubspotUsers) get(ctx context.Context, id string) (client.Document, error) {
	doc, err := h.read(ctx, id)
	if err != nil {
		return nil, err
	}
	return h.account(doc), nil
}

func (h hubspotUsers) read(ctx context.Context, id string) (client.Document, error) {
	return h.api.one(ctx, "", id, byNumber())
}

func (h hubspotUsers) create(ctx context.Context, resource fields) (client.Document, error) {
	body := h.written(resource)
	body["email"], body["sendWelcomeEmail"] = client.Document(resource).Text("userName"), true
	doc, err := h.api.write(ctx, http.MethodPost, "", body)
	if err != nil {
		return nil, err
	}
	return h.account(doc), nil
}

// written is what HubSpot takes of a resource at creation and at a change.
func (h hubspotUsers) written(resource fields) fields {
	body := fields{}
	for theirs, ours := range map[string]string{"firstName": "givenName", "lastName": "familyName"} {
		if s := sub(resource, "name", ours); s != "" {
			body[theirs] = s
		}
	}
	var ids []any
	for _, role := range values(resource, "roles") {
		if role != superAdmin {
			ids = append(ids, role)
		}
	}
	if len(ids) > 0 {
		body["roleIds"] = ids
	}
	return body
}

// change writes a user anew, with all that is not to change: what a PUT leaves out may go.
func (h hubspotUsers) change(ctx context.Context, id string, c change) error {
	if active, told := c.flag("active"); told && !active {
		return cannot(http.StatusNotImplemented, "HubSpot has no inactive users: who is to be out is removed")
	}
	now, err := h.read(ctx, id)
	if err != nil {
		return err
	}
	body := fields{}
	for _, name := range []string{"firstName", "lastName", "roleIds", "primaryTeamId", "secondaryTeamIds"} {
		if now[name] != nil && !(name == "roleIds" && c.has("roles")) {
			body[name] = now[name]
		}
	}
	maps.Copy(body, h.written(c.set))
	path, err := segment(id)
	if err != nil {
		return err
	}
	_, err = h.api.call(ctx, client.Call{Method: http.MethodPut, Path: path, Query: byNumber(), Body: body})
	return err
}

// remove takes a user out of the account: HubSpot's only way. What the user owned stays, with the former owner's name.
func (h hubspotUsers) remove(ctx context.Context, id string) error {
	return h.api.remove(ctx, "", id, byNumber())
}
