package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"proprio/scim/client"
)

// graphBind is how many members one PATCH adds.
const graphBind = 20

// graphGroups are the security groups of a Microsoft 365 tenant; its other groups are seen, too.
func graphGroups(a *api) groups {
	shown := url.Values{"$select": {"id,displayName"}}
	return groups{
		api: a, pages: graphPages, name: "displayName", ref: "/$ref", one: shown,
		in: url.Values{"$select": {"id"}, "$top": {"999"}},
		all: func(q query) url.Values {
			ask := url.Values{"$select": shown["$select"], "$top": {strconv.Itoa(pageSize(q, 999))}}
			if q.attribute != "" {
				ask.Set("$filter", "displayName eq "+quoted(q.value))
			}
			return ask
		},
		member: asIs,
		made: func(name string) (fields, error) {
			nick := slug(name)
			if nick == "" {
				nick = "group"
			}
			return fields{"displayName": name, "mailEnabled": false, "securityEnabled": true, "mailNickname": nick}, nil
		},
		putIn: func(ctx context.Context, path string, members []string) error {
			for some := range slices.Chunk(members, graphBind) {
				if err := graphBindAll(ctx, a, path, some); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// graphBindAll adds members in one call. Graph refuses all of them when one is in already: then they are added one by one.
func graphBindAll(ctx context.Context, a *api, path string, members []string) error {
	var links []any
	for _, id := range members {
		links = append(links, graphLink(a, id))
	}
	_, err := a.write(ctx, http.MethodPatch, path, fields{"members@odata.bind": links})
	if !alreadyIn(err) {
		return err
	}
	for _, id := range members {
		_, err := a.write(ctx, http.MethodPost, path+"/members/$ref", fields{"@odata.id": graphLink(a, id)})
		if err != nil && !alreadyIn(err) {
			return err
		}
	}
	return nil
}

func graphLink(a *api, id string) string { return a.base + "/directoryObjects/" + url.PathEscape(id) }

// alreadyIn says whether Graph refused an addition because somebody is in already.
func alreadyIn(err error) bool {
	var refused *client.Error
	return errors.As(err, &refused) && refused.Status == http.StatusBadRequest && strings.Contains(refused.Detail, "already exist")
}
