package push

import (
	"context"
	"maps"
	"time"

	"proprio/scim/client"
)

// Call is what would be sent to an app.
type Call struct {
	Action   string `json:"action"` // "create", "change", "replace", "delete"
	Endpoint string `json:"endpoint"`
	RemoteID string `json:"remoteId,omitempty"`
	Body     any    `json:"body,omitempty"`
}

// rehearsal is an app that is read as it is, and never changed: it notes what it would have been sent, and says yes.
type rehearsal struct {
	Remote
	calls   *[]Call
	created map[string]client.Document
}

func newRehearsal(r Remote) rehearsal {
	return rehearsal{Remote: r, calls: &[]Call{}, created: map[string]client.Document{}}
}

// newRemoteID stands for the id that the app would give.
const newRemoteID = "(new)"

func (r rehearsal) note(c Call) { *r.calls = append(*r.calls, c) }

// Create implements Remote.
func (r rehearsal) Create(_ context.Context, endpoint string, resource any) (client.Document, error) {
	r.note(Call{Action: "create", Endpoint: endpoint, Body: resource})
	doc := client.Document{}
	if body, ok := resource.(fields); ok {
		maps.Copy(doc, body)
	}
	doc["id"] = newRemoteID
	r.created[endpoint] = doc
	return doc, nil
}

// Get implements Remote.
func (r rehearsal) Get(ctx context.Context, endpoint, id string) (client.Document, error) {
	if id == newRemoteID {
		return r.created[endpoint], nil
	}
	return r.Remote.Get(ctx, endpoint, id)
}

// Replace implements Remote.
func (r rehearsal) Replace(_ context.Context, endpoint, id string, resource any) (client.Document, error) {
	r.note(Call{Action: "replace", Endpoint: endpoint, RemoteID: id, Body: resource})
	return client.Document{"id": id}, nil
}

// Patch implements Remote.
func (r rehearsal) Patch(_ context.Context, endpoint, id string, ops []client.Operation) (client.Document, error) {
	r.note(Call{Action: "change", Endpoint: endpoint, RemoteID: id, Body: ops})
	return client.Document{"id": id}, nil
}

// Delete implements Remote.
func (r rehearsal) Delete(_ context.Context, endpoint, id string) error {
	r.note(Call{Action: "delete", Endpoint: endpoint, RemoteID: id})
	return nil
}

// Recording implements Remote.
func (r rehearsal) Recording(record func(client.Exchange)) Remote {
	r.Remote = r.Remote.Recording(record)
	return r
}

// unwritten is a store that keeps nothing of a job.
type unwritten struct{ Store }

// Record implements Store.
func (unwritten) Record(context.Context, Lease, time.Time, map[string]string, ...Result) error {
	return nil
}
