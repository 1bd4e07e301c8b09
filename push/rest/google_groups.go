package rest

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"proprio/scim/client"
)

// googleGroups are the groups of a Google Workspace. Each has an address, which is made of its name, in the domain of the
// admin in whose name we act.
type googleGroups struct {
	api    *api
	domain string
}

func (g googleGroups) list(ctx context.Context, q query, r *reading) error {
	ask := url.Values{"customer": {"my_customer"}, "maxResults": {strconv.Itoa(pageSize(q, 200))}}
	shown := func(d client.Document) (client.Document, error) { return g.withMembers(ctx, d) }
	if q.glance || q.attribute != "" {
		shown = func(d client.Document) (client.Document, error) { return g.group(d), nil }
	}
	switch q.attribute {
	case "":
	case "displayName":
		ask.Set("query", "name='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(q.value)+"'")
	default:
		return q.unknown()
	}
	return googlePages(ctx, g.api, r, "/groups", "groups", ask, shown)
}

func (g googleGroups) group(d client.Document) client.Document {
	return client.Document{"id": d.ID(), "displayName": d.Text("name")}
}

func (g googleGroups) withMembers(ctx context.Context, d client.Document) (client.Document, error) {
	return g.api.withMembers(g.group(d), func(r *reading, path string) error {
		return googlePages(ctx, g.api, r, path, "members", url.Values{"maxResults": {"200"}}, func(m client.Document) (client.Document, error) {
			if m.ID() == "" { // everybody in the company, as a member
				m["id"] = m.Text("type") + " " + m.Text("email")
			}
			return m, nil
		})
	})
}

func (g googleGroups) get(ctx context.Context, id string) (client.Document, error) {
	path, err := segment(id)
	if err != nil {
		return nil, err
	}
	d, err := g.api.get(ctx, "/groups"+path, nil)
	if err != nil {
		return nil, err
	}
	return g.withMembers(ctx, d)
}

func (g googleGroups) create(ctx context.Context, resource fields) (client.Document, error) {
	name := client.Document(resource).Text("displayName")
	local := slug(name)
	if local == "" {
		return nil, cannot(http.StatusBadRequest, "the group %q has no letter or digit that an address could be made of", name)
	}
	d, err := g.api.write(ctx, http.MethodPost, "/groups", fields{"email": local + "@" + g.domain, "name": name})
	if err != nil {
		return nil, err
	}
	return g.group(d), nil
}

// ligatures are letters that normalization does not take apart.
var ligatures = strings.NewReplacer("œ", "oe", "æ", "ae", "ß", "ss", "ø", "o", "ł", "l")

// slug is a name as the local part of an address, or a nickname: letters and digits without accents, and hyphens.
func slug(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(ligatures.Replace(strings.ToLower(name))) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	return strings.Trim(s[:min(len(s), 60)], "-")
}

// change renames, takes members out, and puts members in, one call each. Who is in already is in, and who is not there is out.
func (g googleGroups) change(ctx context.Context, id string, c change) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	path = "/groups" + path
	if name := c.text("displayName"); name != "" {
		if _, err := g.api.write(ctx, http.MethodPatch, path, fields{"name": name}); err != nil {
			return err
		}
	}
	for _, member := range c.drop {
		one, err := segment(member)
		if err != nil {
			return err
		}
		_, err = g.api.call(ctx, client.Call{Method: http.MethodDelete, Path: path + "/members" + one})
		if err != nil && !g.noSuchMember(ctx, path, err) {
			return err
		}
	}
	for _, member := range c.add {
		_, err := g.api.write(ctx, http.MethodPost, path+"/members", fields{"id": member, "role": "MEMBER"})
		if err != nil && status(err) != http.StatusConflict {
			return err
		}
	}
	return nil
}

// noSuchMember says whether a removal failed because the member, and not the group, is not there.
func (g googleGroups) noSuchMember(ctx context.Context, path string, err error) bool {
	if !notThere(err) {
		return false
	}
	_, err = g.api.get(ctx, path, nil)
	return err == nil
}

func (g googleGroups) remove(ctx context.Context, id string) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	_, err = g.api.call(ctx, client.Call{Method: http.MethodDelete, Path: "/groups" + path})
	return err
}
