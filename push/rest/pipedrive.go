package rest

import (
	"context"
	"net/http"
	"strings"

	"proprio/scim/client"
)

// openPipedrive opens Pipedrive's Users API. Its credential is an API token of an admin.
func openPipedrive(c connection) (*remote, error) {
	token, err := bearer("Pipedrive", c.config.Token)
	if err != nil {
		return nil, err
	}
	return c.open(fixedHeader("x-api-token", token), nil, func(a *api) product { return product{users: pipedriveUsers{api: a}} })
}

// pipedriveUsers are the users of a Pipedrive company. They are made with an address and their apps; afterwards only
// active_flag can be changed.
type pipedriveUsers struct {
	kept
	api *api
}

// list reads all users: there is one page of them, and the search by name does not compare addresses alone.
func (p pipedriveUsers) list(ctx context.Context, q query, r *reading) error {
	if q.attribute != "" && q.attribute != "userName" {
		return q.unknown()
	}
	doc, err := p.api.get(ctx, "/users", nil)
	if err != nil {
		return err
	}
	if more := inner(inner(doc, "additional_data"), "pagination")["more_items_in_collection"]; more == true {
		return r.incomplete("the product has more users than it lists")
	}
	found, err := p.api.elements("/users", doc, "data")
	if err != nil {
		return err
	}
	return r.page(p.account, found)
}

func (p pipedriveUsers) account(u client.Document) client.Document {
	a := account(u.ID(), u.Text("email"), u.Flag("active_flag", true))
	put(a, "displayName", u.Text("name"))
	var roles []string
	if u.Flag("is_admin", false) || number(u, "is_admin") == "1" {
		roles = append(roles, "admin")
	}
	for _, access := range u.Values("access") {
		roles = append(roles, accessRole(access))
	}
	if len(roles) > 0 {
		a["roles"] = valued(roles...)
	}
	return a
}

// accessRole is what a role is called that stands for one app: its name, with ":admin" or a permission set's id.
func accessRole(access client.Document) string {
	name := access.Text("app")
	switch set := access.Text("permission_set_id"); {
	case access.Flag("admin", false):
		return name + ":admin"
	case set != "":
		return name + ":" + set
	}
	return name
}

// access is the reverse of accessRole.
func access(role string) fields {
	app, what, told := strings.Cut(role, ":")
	out := fields{"app": app}
	switch {
	case what == "admin":
		out["admin"] = true
	case told:
		out["permission_set_id"] = what
	}
	return out
}

func (p pipedriveUsers) get(ctx context.Context, id string) (client.Document, error) {
	doc, err := p.api.one(ctx, "/users", id, nil)
	if err != nil {
		return nil, err
	}
	return p.account(inner(doc, "data")), nil
}

func (p pipedriveUsers) create(ctx context.Context, resource fields) (client.Document, error) {
	d := client.Document(resource)
	body := fields{"email": d.Text("userName"), "active_flag": d.Flag("active", true)}
	apps := []any{}
	for _, role := range values(resource, "roles") {
		apps = append(apps, access(role))
	}
	if len(apps) == 0 {
		apps = []any{access("sales")} // what the product gives when nothing is said
	}
	body["access"] = apps
	doc, err := p.api.write(ctx, http.MethodPost, "/users", body)
	if err != nil {
		return nil, err
	}
	return p.account(inner(doc, "data")), nil
}

func (p pipedriveUsers) change(ctx context.Context, id string, c change) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	active, told := c.flag("active")
	if !told {
		return cannot(http.StatusNotImplemented, "Pipedrive changes nothing of a user but whether it is active")
	}
	_, err = p.api.write(ctx, http.MethodPut, "/users"+path, fields{"active_flag": active})
	return err
}
