package scim

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"proprio/audit"
	"proprio/resources"
)

// Message schemas of the delta query (draft-sehgal-scim-delta-query).
const (
	schemaDeltaToken    = "urn:ietf:params:scim:api:messages:2.0:delta:token"
	schemaDeltaRequest  = "urn:ietf:params:scim:api:messages:2.0:delta:request"
	schemaDeltaResponse = "urn:ietf:params:scim:api:messages:2.0:delta:response"
)

// deltaTime is how long a delta token is good. The record of changes is never cut, so this only bounds what one request
// may have to tell.
const deltaTime = 30 * 24 * time.Hour

// delta answers what changed in a collection since a token was given: each resource once, as it is now. Changes that came
// and went meanwhile are not told.
type delta struct {
	*collection
	byType map[string]*endpoint
	types  []string
}

// deltaPlace is where in the record of changes a client has got to, and, between the pages of one answer, where the
// answer ends.
type deltaPlace struct {
	After   int64 `json:"after"`           // told up to here
	From    int64 `json:"from,omitempty"`  // of a page: where the answer began
	UpTo    int64 `json:"upTo,omitempty"`  // of a page: where it ends
	Total   int   `json:"total,omitempty"` // of a page: how many changes the answer has
	Expires int64 `json:"expires"`         // seconds since 1970
}

func newDelta(c *collection) *delta {
	d := &delta{collection: c, byType: map[string]*endpoint{}}
	for _, e := range c.endpoints {
		d.byType[e.rt.Name] = e
		d.types = append(d.types, e.rt.Name)
	}
	return d
}

// token is GET /.deltaToken: changes from now on.
func (d *delta) token(w http.ResponseWriter, r *http.Request) error {
	caller := callerFrom(r.Context())
	position, err := d.Record.Position(r.Context(), caller.Company)
	if err != nil {
		return err
	}
	token, err := d.deltaToken(caller, position)
	if err != nil {
		return err
	}
	token["schemas"] = []string{schemaDeltaToken}
	return writeObject(w, token)
}

// deltaToken is a position as clients get it.
func (d *delta) deltaToken(caller resources.Caller, position int64) (object, error) {
	expires := d.Now().Add(deltaTime)
	text, err := d.cursors.sealAny(d.deltaScope(caller, nil), deltaPlace{After: position, Expires: expires.Unix()})
	return object{"value": text, "expiry": expires.UTC().Format(time.RFC3339)}, err
}

// deltaScope is what a token is good for: this collection, for this connection. A page's cursor is for its query besides.
func (d *delta) deltaScope(caller resources.Caller, p parameters) scope {
	s := scope{company: caller.Company, query: []byte("delta " + caller.Connection + " " + d.path)}
	if p != nil {
		for _, name := range []string{"filter", "attributes", "excludedattributes"} {
			s.query = append(s.query, "\x00"+strings.Join(p[name], ",")...)
		}
	}
	return s
}

// changes is POST /.delta: one page of what changed since the token. The last page has the token for the next time.
func (d *delta) changes(w http.ResponseWriter, r *http.Request) error {
	body, err := d.readObject(w, r)
	if err != nil {
		return err
	}
	p, err := d.deltaParameters(body)
	if err != nil {
		return err
	}
	caller := callerFrom(r.Context())
	q, err := d.read(caller, p.without("deltatoken", "cursor"))
	if err != nil {
		return err
	}
	place, err := d.place(r, caller, p)
	if err != nil {
		return err
	}
	page, err := d.Record.NetChanges(r.Context(), caller.Company, audit.Span{
		Types: d.types, From: place.From, After: place.After, UpTo: place.UpTo, Limit: q.query.Count, Count: place.Total == 0,
	})
	if err != nil {
		return err
	}
	if place.Total == 0 {
		place.Total = page.Total
	}
	told := []object{}
	for _, change := range page.Changes {
		one, err := d.tell(r, q, change)
		if err != nil {
			return err
		}
		if one != nil {
			told = append(told, one)
		}
	}
	return d.writeDelta(w, caller, p, place, page, told)
}

// place reads where the answer begins: at the token, or on a further page at the cursor.
func (d *delta) place(r *http.Request, caller resources.Caller, p parameters) (place deltaPlace, err error) {
	text, _, err := p.one("deltaToken")
	if err != nil {
		return place, err
	}
	if place, err = d.openPlace("deltaToken", d.deltaScope(caller, nil), text); err != nil {
		return place, err
	}
	if cursor, _, err := p.one("cursor"); err != nil || cursor != "" {
		if err == nil {
			place, err = d.openPlace("cursor", d.deltaScope(caller, p), cursor)
		}
		return place, err
	}
	place.From = place.After
	place.UpTo, err = d.Record.Position(r.Context(), caller.Company)
	return place, err
}

func (d *delta) openPlace(name string, s scope, text string) (place deltaPlace, err error) {
	if !d.cursors.openAny(s, text, &place) {
		return place, resources.Errorf(resources.ErrInvalidCursor, name,
			"The value is not one of this query. Get a token at %s first.", strings.TrimSuffix(d.path, "/")+"/.deltaToken")
	}
	if d.Now().Unix() >= place.Expires {
		return place, resources.Errorf(resources.ErrExpiredCursor, name, "The value is too old. Read all resources again, with a new token.")
	}
	return place, nil
}

// deltaParameters reads a delta request: a SearchRequest with deltaToken.
func (d *delta) deltaParameters(body map[string]any) (parameters, error) {
	envelope, err := foldKeys(body, "schemas", "deltatoken", "startindex", "sortby")
	if err != nil {
		return nil, err
	}
	if err := checkMessage(envelope["schemas"], schemaDeltaRequest); err != nil {
		return nil, err
	}
	for name, value := range envelope {
		if name == "startindex" && value != nil || name == "sortby" && value != nil {
			return nil, resources.Errorf(resources.ErrInvalidValue, name,
				"Changes come in the order in which they were made, page after page by nextCursor.")
		}
	}
	search := map[string]any{}
	for key, value := range body {
		if !strings.EqualFold(key, "schemas") {
			search[key] = value
		}
	}
	p, err := searchParameters(search)
	if err != nil {
		return nil, err
	}
	token, ok := envelope["deltatoken"].(string)
	if !ok {
		return nil, resources.Errorf(resources.ErrInvalidValue, "deltaToken", "A delta request needs the token of the last answer, or of %s.",
			strings.TrimSuffix(d.path, "/")+"/.deltaToken")
	}
	return p, p.add("deltaToken", []string{token})
}

// tell is what a client hears of a change; nil when there is nothing to hear: what came since the token and is gone again.
// A resource that the filter does not select any more is gone as far as this client is concerned.
func (d *delta) tell(r *http.Request, q *request, change audit.NetChange) (object, error) {
	told := object{
		"schemas": []string{schemaDeltaResponse}, "resourceType": change.ObjectType, "changedResourceId": change.ObjectID,
		"changeType": "delete",
	}
	if change.Action == audit.ActionRemove {
		return told, nil
	}
	e := d.byType[change.ObjectType]
	one := resources.Query{Type: e.rt.Name, StartIndex: 1, Count: 1, With: e.with(q.shown[e.rt.Name].projection)}
	one.Where = resources.Compare{Attribute: e.rt.Attribute("id"), Op: "eq", Value: change.ObjectID}
	for _, s := range q.query.Selections() {
		if s.Type == e.rt.Name && s.Where != nil {
			one.Where = resources.And{Terms: []resources.Condition{one.Where, s.Where}}
		}
	}
	found, err := d.Store.Find(r.Context(), q.caller, one)
	switch {
	case err != nil:
		return nil, err
	case len(found.Resources) == 0 && change.Created:
		return nil, nil
	case len(found.Resources) == 0:
		return told, nil
	}
	data, err := e.renderer.resource(found.Resources[0], q.shown[e.rt.Name].projection)
	told["data"], told["changeType"] = json.RawMessage(data), "update"
	if change.Created {
		told["changeType"] = "create"
	}
	return told, err
}

func (d *delta) writeDelta(w http.ResponseWriter, caller resources.Caller, p parameters, place deltaPlace, page audit.NetPage, told []object) error {
	out := object{
		"schemas": []string{schemaListResponse}, "totalResults": place.Total, "itemsPerPage": len(told), "Resources": told,
	}
	var err error
	if page.More {
		place.After, place.Expires = page.Last, d.Now().Add(d.cursors.timeout).Unix()
		out["nextCursor"], err = d.cursors.sealAny(d.deltaScope(caller, p), place)
	} else {
		out["nextDeltaToken"], err = d.deltaToken(caller, place.UpTo)
	}
	if err != nil {
		return err
	}
	return writeObject(w, out)
}

// deltaConfig is what ServiceProviderConfig says of it.
func deltaConfig(types []*resources.ResourceType) object {
	supported := []string{"ServerRoot"}
	for _, rt := range types {
		supported = append(supported, rt.Name)
	}
	return object{"supported": true, "deltaTokenExpiry": int(deltaTime / time.Second), "supportedResources": supported}
}
