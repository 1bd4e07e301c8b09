package rest

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"proprio/scim/client"
)

// groups are those of a directory service that has them at /groups, each with its members below it, and changes one member
// at a time.
type groups struct {
	api   *api
	pages pager
	name  string // what a group's name is called
	ref   string // what follows a member's path when the member is taken out

	// all is what a list is asked with, one what a single group is, in what its members are.
	all     func(q query) url.Values
	one, in url.Values
	// member is a member as listed, with an id.
	member func(client.Document) client.Document
	// made is what a new group is made of, by its name.
	made func(name string) (fields, error)
	// putIn adds members to the group at a path. Whoever is in already stays in.
	putIn func(ctx context.Context, path string, members []string) error
}

// list reads the members of each group besides, unless groups are looked for by name or at a glance.
func (g groups) list(ctx context.Context, q query, r *reading) error {
	if q.attribute != "" && q.attribute != "displayName" {
		return q.unknown()
	}
	whole := r
	if q.attribute == "" && !q.glance {
		whole = newReading(r.url, r.limits, func(group client.Document) error {
			full, err := g.withMembers(ctx, group)
			if err != nil {
				return err
			}
			return r.take(full)
		})
	}
	return g.pages(ctx, g.api, whole, "/groups", g.all(q), g.shown)
}

func (g groups) shown(d client.Document) client.Document {
	return client.Document{"id": d.ID(), "displayName": d.Text(g.name)}
}

func (g groups) withMembers(ctx context.Context, group client.Document) (client.Document, error) {
	path, err := segment(group.ID())
	if err != nil {
		return nil, err
	}
	path, members := "/groups"+path+"/members", []any{}
	r := newReading(g.api.base+path, client.ListOptions{}, func(m client.Document) error {
		members = append(members, fields{"value": m.ID()})
		return nil
	})
	err = g.pages(ctx, g.api, r, path, maps.Clone(g.in), g.member)
	group["members"] = members
	return group, err
}

func (g groups) get(ctx context.Context, id string) (client.Document, error) {
	d, err := g.api.one(ctx, "/groups", id, g.one)
	if err != nil {
		return nil, err
	}
	return g.withMembers(ctx, g.shown(d))
}

func (g groups) create(ctx context.Context, resource fields) (client.Document, error) {
	body, err := g.made(client.Document(resource).Text("displayName"))
	if err != nil {
		return nil, err
	}
	d, err := g.api.write(ctx, http.MethodPost, "/groups", body)
	if err != nil {
		return nil, err
	}
	return g.shown(d), nil
}

// change renames, takes members out, and puts members in. Who is in already is in, and who is not there is out.
func (g groups) change(ctx context.Context, id string, c change) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	path = "/groups" + path
	if name := c.text("displayName"); name != "" {
		if _, err := g.api.write(ctx, http.MethodPatch, path, fields{g.name: name}); err != nil {
			return err
		}
	}
	for _, member := range c.drop {
		if err := g.takeOut(ctx, path, member); err != nil {
			return err
		}
	}
	if len(c.add) == 0 {
		return nil
	}
	return g.putIn(ctx, path, c.add)
}

func (g groups) takeOut(ctx context.Context, path, member string) error {
	one, err := segment(member)
	if err != nil {
		return err
	}
	_, err = g.api.call(ctx, client.Call{Method: http.MethodDelete, Path: path + "/members" + one + g.ref})
	if notThere(err) {
		if _, lost := g.api.get(ctx, path, g.one); lost == nil {
			return nil // the group is there: the member is out
		}
	}
	return err
}

func (g groups) remove(ctx context.Context, id string) error {
	return g.api.remove(ctx, "/groups", id, nil)
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
