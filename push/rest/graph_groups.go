package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"proprio/scim/client"
)

// graphGroups are the security groups of a Microsoft 365 tenant; its other groups are seen, too.
type graphGroups struct{ api *api }

// graphBind is how many members one PATCH adds.
const graphBind = 20

func (g graphGroups) list(ctx context.Context, q query, r *reading) error {
	ask := url.Values{"$select": {"id,displayName"}, "$top": {strconv.Itoa(pageSize(q, 999))}}
	shown := func(d client.Document) (client.Document, error) { return g.withMembers(ctx, d) }
	if q.glance || q.attribute != "" {
		shown = func(d client.Document) (client.Document, error) { return g.group(d), nil }
	}
	switch q.attribute {
	case "":
	case "displayName":
		ask.Set("$filter", "displayName eq "+quoted(q.value))
	default:
		return q.unknown()
	}
	return graphPages(ctx, g.api, r, "/groups", ask, shown)
}

func (g graphGroups) group(d client.Document) client.Document {
	return client.Document{"id": d.ID(), "displayName": d.Text("displayName")}
}

func (g graphGroups) withMembers(ctx context.Context, d client.Document) (client.Document, error) {
	return g.api.withMembers(g.group(d), func(r *reading, path string) error {
		return graphPages(ctx, g.api, r, path, url.Values{"$select": {"id"}, "$top": {"999"}},
			func(m client.Document) (client.Document, error) { return m, nil })
	})
}

func (g graphGroups) get(ctx context.Context, id string) (client.Document, error) {
	path, err := segment(id)
	if err != nil {
		return nil, err
	}
	d, err := g.api.get(ctx, "/groups"+path, url.Values{"$select": {"id,displayName"}})
	if err != nil {
		return nil, err
	}
	return g.withMembers(ctx, d)
}

func (g graphGroups) create(ctx context.Context, resource fields) (client.Document, error) {
	name := client.Document(resource).Text("displayName")
	nick := slug(name)
	if nick == "" {
		nick = "group"
	}
	d, err := g.api.write(ctx, http.MethodPost, "/groups", fields{"displayName": name, "mailEnabled": false, "securityEnabled": true, "mailNickname": nick})
	if err != nil {
		return nil, err
	}
	return g.group(d), nil
}

func (g graphGroups) change(ctx context.Context, id string, c change) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	path = "/groups" + path
	if name := c.text("displayName"); name != "" {
		if _, err := g.api.write(ctx, http.MethodPatch, path, fields{"displayName": name}); err != nil {
			return err
		}
	}
	for _, member := range c.drop {
		if err := g.takeOut(ctx, path, member); err != nil {
			return err
		}
	}
	for len(c.add) > 0 {
		n := min(len(c.add), graphBind)
		if err := g.putIn(ctx, path, c.add[:n]); err != nil {
			return err
		}
		c.add = c.add[n:]
	}
	return nil
}

func (g graphGroups) takeOut(ctx context.Context, path, member string) error {
	one, err := segment(member)
	if err != nil {
		return err
	}
	_, err = g.api.call(ctx, client.Call{Method: http.MethodDelete, Path: path + "/members" + one + "/$ref"})
	if notThere(err) {
		if _, lost := g.api.get(ctx, path, url.Values{"$select": {"id"}}); lost == nil {
			return nil // the group is there: the member is out
		}
	}
	return err
}

// putIn adds members in one call. Graph refuses all of them when one is in already: then they are added one by one.
func (g graphGroups) putIn(ctx context.Context, path string, members []string) error {
	var links []any
	for _, id := range members {
		links = append(links, g.link(id))
	}
	_, err := g.api.write(ctx, http.MethodPatch, path, fields{"members@odata.bind": links})
	if !alreadyIn(err) {
		return err
	}
	for _, id := range members {
		_, err := g.api.write(ctx, http.MethodPost, path+"/members/$ref", fields{"@odata.id": g.link(id)})
		if err != nil && !alreadyIn(err) {
			return err
		}
	}
	return nil
}

func (g graphGroups) link(id string) string {
	return g.api.base + "/directoryObjects/" + url.PathEscape(id)
}

// alreadyIn says whether Graph refused an addition because somebody is in already.
func alreadyIn(err error) bool {
	var refused *client.Error
	return errors.As(err, &refused) && refused.Status == http.StatusBadRequest && strings.Contains(refused.Detail, "already exist")
}

func (g graphGroups) remove(ctx context.Context, id string) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	_, err = g.api.call(ctx, client.Call{Method: http.MethodDelete, Path: "/groups" + path})
	return err
}
