package rest

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"proprio/scim/client"
)

// googleGroups are the groups of a Google Workspace. Each has an address, which is made of its name, in the domain of the
// admin in whose name we act.
func googleGroups(a *api, domain string) groups {
	return groups{
		api: a, pages: googlePages, name: "name", in: url.Values{"maxResults": {"200"}},
		all: func(q query) url.Values {
			ask := url.Values{"customer": {"my_customer"}, "maxResults": {strconv.Itoa(pageSize(q, 200))}}
			if q.attribute != "" {
				ask.Set("query", "name='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(q.value)+"'")
			}
			return ask
		},
		member: func(m client.Document) client.Document {
			if m.ID() == "" { // everybody in the company, as a member
				m["id"] = m.Text("type") + " " + m.Text("email")
			}
			return m
		},
		made: func(name string) (fields, error) {
			local := slug(name)
			if local == "" {
				return nil, cannot(http.StatusBadRequest, "the group %q has no letter or digit that an address could be made of", name)
			}
			return fields{"email": local + "@" + domain, "name": name}, nil
		},
		putIn: func(ctx context.Context, path string, members []string) error {
			for _, member := range members {
				_, err := a.write(ctx, http.MethodPost, path+"/members", fields{"id": member, "role": "MEMBER"})
				if err != nil && status(err) != http.StatusConflict {
					return err
				}
			}
			return nil
		},
	}
}
