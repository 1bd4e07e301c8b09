package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"proprio/scim/client"
)

const hubstaffTokens = "https://account.hubstaff.com/access_tokens"

var hubstaffAddress = regexp.MustCompile(`/organizations/[0-9]+/?$`)

// openHubstaff opens the invitations and members of one organization of Hubstaff. Its credential is a personal access
// token, which is a refresh token: Hubstaff replaces it with each use.
func openHubstaff(c connection) (*remote, error) {
	if !hubstaffAddress.MatchString(c.config.BaseURL) {
		return nil, errors.New("address of Hubstaff: want https://api.hubstaff.com/v2/organizations/{number of the organization}")
	}
	key, err := readRefreshKey("Hubstaff", c.config.Token, c.config.AllowPlain)
	if err != nil {
		return nil, err
	}
	build := func(a *api) product { return product{users: hubstaffPeople{api: a}} }
	return c.open(c.refreshing("Hubstaff", hubstaffTokens, key), nil, build, key.RefreshToken, key.ClientSecret)
}

// hubstaffPeople are who is in an organization or invited to it. A person's address is the id: an invitation goes away when
// it is accepted, and the address alone stays.
type hubstaffPeople struct {
	kept
	api *api
}

// list reads the members, then the invitations that wait. Neither can be asked for by address alone.
func (h hubstaffPeople) list(ctx context.Context, q query, r *reading) error {
	if q.attribute != "" && q.attribute != "userName" {
		return q.unknown()
	}
	if err := h.pages(ctx, q, r, "/members", url.Values{"include[]": {"users"}}, h.members); err != nil {
		return err
	}
	return h.pages(ctx, q, r, "/invites", url.Values{"status": {"pending"}}, h.invites)
}

// pages reads one kind to its end.
func (h hubstaffPeople) pages(ctx context.Context, q query, r *reading, path string, ask url.Values,
	read func(client.Document) ([]client.Document, error),
) error {
	ask.Set("page_limit", strconv.Itoa(pageSize(q, 100)))
	for {
		doc, err := h.api.get(ctx, path, ask)
		if err != nil {
			return err
		}
		people, err := read(doc)
		if err != nil {
			return err
		}
		next := number(inner(doc, "pagination"), "next_page_start_id")
		cursor := ""
		if next != "" {
			cursor = path + " " + next
		}
		more, err := r.page(people, cursor)
		if err != nil || !more {
			return err
		}
		ask.Set("page_start_id", next)
	}
}

func (h hubstaffPeople) members(doc client.Document) ([]client.Document, error) {
	members, err := h.api.elements("/members", doc, "members")
	if err != nil {
		return nil, err
	}
	users, err := h.api.elements("/members", doc, "users")
	if err != nil {
		return nil, err
	}
	byID := map[string]client.Document{}
	for _, u := range users {
		byID[u.ID()] = u
	}
	var people []client.Document
	for _, m := range members {
		u := byID[number(m, "user_id")]
		if u.Text("email") == "" {
			return nil, h.api.broken(http.MethodGet, "/members", "member %s is without a user", number(m, "user_id"))
		}
		active := !same(m.Text("membership_status"), "inactive") && !same(m.Text("membership_status"), "removed")
		if !active {
			continue
		}
		p := h.person(u.Text("email"), m.Text("membership_role"), "member")
		put(p, "displayName", u.Text("name"))
		people = append(people, p)
	}
	return people, nil
}

func (h hubstaffPeople) invites(doc client.Document) ([]client.Document, error) {
	invites, err := h.api.elements("/invites", doc, "invites")
	if err != nil {
		return nil, err
	}
	var people []client.Document
	for _, i := range invites {
		if status := i.Text("status"); status != "" && !same(status, "pending") {
			continue
		}
		p := h.person(i.Text("email"), i.Text("role"), "invited")
		p["invite"] = i.ID()
		people = append(people, p)
	}
	return people, nil
}

// person is somebody as shown: userType tells an invitation that waits from a member.
func (h hubstaffPeople) person(address, role, userType string) client.Document {
	p := account(strings.ToLower(address), address, true)
	p["userType"] = userType
	if role != "" {
		p["roles"] = valued(role)
	}
	return p
}

func (h hubstaffPeople) get(ctx context.Context, id string) (client.Document, error) {
	var found client.Document
	err := h.list(ctx, query{}, newReading(h.api.base, client.ListOptions{}, func(d client.Document) error {
		if d.ID() == id {
			found = d
		}
		return nil
	}))
	if err == nil && found == nil {
		err = h.api.refused(http.MethodGet, "/members", http.StatusNotFound, "neither a member nor an invitation has the address "+id)
	}
	return found, err
}

// create invites. Whoever gets the message has an account only once they have accepted.
func (h hubstaffPeople) create(ctx context.Context, resource fields) (client.Document, error) {
	address := client.Document(resource).Text("userName")
	body := fields{"email": address, "role": "project_user"}
	if roles := values(resource, "roles"); len(roles) > 0 {
		body["role"] = roles[0]
	}
	doc, err := h.api.write(ctx, http.MethodPost, "/invites", body)
	if err != nil {
		return nil, err
	}
	if got := inner(doc, "invite").Text("email"); !same(got, address) {
		return nil, h.api.broken(http.MethodPost, "/invites", "it confirms an invitation of %q, not of %q", got, address)
	}
	return h.person(address, "", "invited"), nil
}

// change withdraws an invitation. A member has to be taken out by hand, and who is to come back is invited anew: the account is
// gone, and a creation knows the role.
func (h hubstaffPeople) change(ctx context.Context, id string, c change) error {
	active, told := c.flag("active")
	if !told {
		return cannot(http.StatusNotImplemented, "Hubstaff changes nothing of a person over this interface")
	}
	now, err := h.get(ctx, id)
	switch {
	case status(err) == http.StatusNotFound && !active:
		return nil // neither in nor invited: what was wanted
	case err != nil || active:
		return err
	case now.Text("userType") != "invited":
		return cannot(http.StatusForbidden, "%s is a member of the organization, and Hubstaff's API takes nobody out: remove the member "+
			"in Hubstaff (Members › Actions › Remove), then retry", id)
	}
	path, err := segment(now.Text("invite"))
	if err != nil {
		return err
	}
	_, err = h.api.call(ctx, client.Call{Method: http.MethodDelete, Path: "/invites" + path})
	return err
}
