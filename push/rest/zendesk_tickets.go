package rest

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"proprio/scim/client"
)

// ended are the states of tickets that nobody works on any more.
var ended = [...]string{"solved", "closed"}

// freeTickets gives somebody's open tickets back to their groups: those still assigned when the role goes fall to the admin
// whose token it is. It is no reason to leave the access open: a credential that may not change tickets frees none.
func (z zendeskUsers) freeTickets(ctx context.Context, path string) error {
	open, err := z.openTickets(ctx, path+"/tickets/assigned")
	for _, id := range open {
		if err != nil {
			break
		}
		var one string
		if one, err = segment(id); err == nil {
			_, err = z.api.write(ctx, http.MethodPut, "/tickets"+one, fields{"ticket": fields{"assignee_id": nil}})
		}
	}
	if s := status(err); s == http.StatusForbidden || s == http.StatusUnprocessableEntity || notThere(err) {
		return nil
	}
	return err
}

// openTickets are the ids of the tickets that somebody is to work on.
func (z zendeskUsers) openTickets(ctx context.Context, path string) ([]string, error) {
	var ids []string
	r := newReading(z.api.base+path, client.ListOptions{}, func(t client.Document) error {
		if !slices.Contains(ended[:], t.Text("status")) {
			ids = append(ids, t.ID())
		}
		return nil
	})
	err := zendeskPages(ctx, z.api, r, path, "tickets", url.Values{"page[size]": {"100"}}, asIs)
	return ids, err
}
