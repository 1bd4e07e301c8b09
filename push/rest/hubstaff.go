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

var hubstaffAddress = regexp.MustCompile(`^(.*)(/organizations/[0-9]+)/?$`)

// openHubstaff opens the invitations and members of one organization of Hubstaff. Its credential is a personal access
// token, which is a refresh token: Hubstaff replaces it with each use.
func openHubstaff(c connection) (*remote, error) {
	address := hubstaffAddress.FindStringSubmatch(c.config.BaseURL)
	if address == nil {
		return nil, errors.New("address of Hubstaff: want https://api.hubstaff.com/v2/organizations/{number of the organization}")
	}
	key, err := readRefreshKey("Hubstaff", c.config.Token, c.config.AllowPlain)
	if err != nil {
		return nil, err
	}
	c.config.BaseURL = address[1] // an invitation is not below its organization
	build := func(a *api) product { return product{users: hubstaffPeople{api: a, organization: address[2]}} }
	return c.open(c.refreshing("Hubstaff", hubstaffTokens, key), nil, build, key.RefreshToken, key.ClientSecret)
}

// hubstaffPeople are who is in an organization or invited to it. A person's address is the id: an invitation goes away when
// it is accepted, and the address alone stays.
type hubstaffPeople struct {
	kept
	api          *api
	organization string // its path
}

// What a person is: an invitation that waits is not an account yet.
const (
	hubstaffInvited = "invited"
	hubstaffMember  = "member"
)

// list reads the invitations that wait, then the members: whoever accepts meanwhile is in one of the two. Neither can be
// asked for by address alone.
func (h hubstaffPeople) list(ctx context.Context, q query, r *reading) error {
	if q.attribute != "" && q.attribute != "userName" {
		return q.unknown()
	}
	err := h.pages(ctx, q, r, "/invites", url.Values{"status": {"pending"}}, h.invites)
	if err != nil {
		return err
	}
	invited := len(r.seen)
	err = h.pages(ctx, q, r, "/members", url.Values{"include[]": {"users"}}, h.members)
	if err == nil && len(r.seen) == invited {
		return r.incomplete("Hubstaff lists no member, and every organization has its owner")
	}
	return err
}

// pages reads one kind to its end.
func (h hubstaffPeople) pages(ctx context.Context, q query, r *reading, path string, ask url.Values,
	read func(client.Document) ([]client.Document, error),
) error {
	ask.Set("page_limit", strconv.Itoa(pageSize(q, 100)))
	return r.each(asIs, func(from string) ([]client.Document, string, error) {
		if from != "" {
			ask.Set("page_start_id", from)
		}
		doc, err := h.api.get(ctx, h.organization+path, ask)
		if err != nil {
			return nil, "", err
		}
		people, err := read(doc)
		return people, number(inner(doc, "pagination"), "next_page_start_id"), err
	})
}

func (h hubstaffPeople) members(doc client.Document) ([]client.Document, error) {
	path := h.organization + "/members"
	members, err := h.api.elements(path, doc, "members")
	if err != nil {
		return nil, err
	}
	users, err := h.api.elements(path, doc, "users")
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
			return nil, h.api.broken(http.MethodGet, path, "member %s is without a user", number(m, "user_id"))
		}
		if state := m.Text("membership_status"); same(state, "inactive") || same(state, "removed") {
			continue
		}
		p := h.person(u.Text("email"), m.Text("membership_role"), hubstaffMember)
		put(p, "displayName", u.Text("name"))
		p["number"] = u.ID()
		people = append(people, p)
	}
	return people, nil
}

func (h hubstaffPeople) invites(doc client.Document) ([]client.Document, error) {
	invites, err := h.api.elements(h.organization+"/invites", doc, "invites")
	if err != nil {
		return nil, err
	}
	var people []client.Document
	for _, i := range invites {
		if status := i.Text("status"); status != "" && !same(status, "pending") {
			continue
		}
		p := h.person(i.Text("email"), i.Text("role"), hubstaffInvited)
		p["number"] = i.ID()
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
	found, err := h.api.find(ctx, h, query{}, hasID(id))
	if err == nil && found == nil {
		err = h.api.refused(http.MethodGet, h.organization+"/members", http.StatusNotFound, "neither a member nor an invitation has the address "+id)
	}
	return found, err
}

// create invites. Whoever gets the message has an account only once they have accepted.
func (h hubstaffPeople) create(ctx context.Context, resource fields) (client.Document, error) {
	path, address := h.organization+"/invites", client.Document(resource).Text("userName")
	body := fields{"email": address, "role": "project_user"}
	if roles := values(resource, "roles"); len(roles) > 0 {
		body["role"] = roles[0]
	}
	doc, err := h.api.write(ctx, http.MethodPost, path, body)
	if err != nil {
		return nil, err
	}
	if got := inner(doc, "invite").Text("email"); !same(got, address) {
		return nil, h.api.broken(http.MethodPost, path, "it confirms an invitation of %q, not of %q", got, address)
	}
	return h.person(address, "", hubstaffInvited), nil
}

// change takes somebody out. Who is to come back is invited anew: the account is gone, and a creation knows the role.
func (h hubstaffPeople) change(ctx context.Context, id string, c change) error {
	active, told := c.flag("active")
	if !told {
		return cannot(http.StatusNotImplemented, "Hubstaff changes nothing of a person over this interface")
	}
	now, err := h.get(ctx, id)
	if err != nil || active {
		return err
	}
	err = h.takeOut(ctx, now)
	if now.Text("userType") == hubstaffInvited && notThere(err) {
		if now, err = h.get(ctx, id); err == nil { // accepted just now
			err = h.takeOut(ctx, now)
		}
	}
	return err
}

// takeOut withdraws an invitation, or ends a membership. What the person recorded stays.
func (h hubstaffPeople) takeOut(ctx context.Context, person client.Document) error {
	if person.Text("userType") == hubstaffInvited {
		return h.api.remove(ctx, "/invites", person.Text("number"), nil)
	}
	_, err := h.api.write(ctx, http.MethodPut, h.organization+"/update_members",
		fields{"members": []any{fields{"user_id": json64(person.Text("number")), "role": "remove"}}})
	return err
}
