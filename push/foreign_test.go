package push_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"

	"proprio/push"
	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// shelf is an in-memory handler behind elimity-com/scim's own server: foreign code that reads our requests.
type shelf struct {
	mu     sync.Mutex
	key    string
	schema schema.Schema
	more   []schema.Schema
	next   int
	rows   map[string]scim.ResourceAttributes
}

func (s *shelf) resource(id string) scim.Resource {
	row := maps.Clone(s.rows[id])
	external, _ := row["externalId"].(string)
	return scim.Resource{ID: id, ExternalID: optional.NewString(external), Attributes: row}
}

func (s *shelf) Create(_ *http.Request, a scim.ResourceAttributes) (scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range s.rows {
		if strings.EqualFold(fmt.Sprint(row[s.key]), fmt.Sprint(a[s.key])) {
			return scim.Resource{}, scimerrors.ScimErrorUniqueness
		}
	}
	s.next++
	id := fmt.Sprint("e", s.next)
	s.rows[id] = a
	return s.resource(id), nil
}

func (s *shelf) Get(_ *http.Request, id string) (scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows[id] == nil {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	return s.resource(id), nil
}

func (s *shelf) GetAll(_ *http.Request, p scim.ListRequestParams) (scim.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []scim.Resource{}
	for _, id := range slices.Sorted(maps.Keys(s.rows)) {
		if p.FilterValidator == nil || p.FilterValidator.PassesFilter(s.rows[id]) == nil {
			list = append(list, s.resource(id))
		}
	}
	total := len(list)
	list = list[min(p.StartIndex-1, total):]
	return scim.Page{TotalResults: total, Resources: list[:min(p.Count, len(list))]}, nil
}

func (s *shelf) Replace(_ *http.Request, id string, a scim.ResourceAttributes) (scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows[id] == nil {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	s.rows[id] = a
	return s.resource(id), nil
}

func (s *shelf) Delete(_ *http.Request, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows[id] == nil {
		return scimerrors.ScimErrorResourceNotFound(id)
	}
	delete(s.rows, id)
	return nil
}

func (s *shelf) Patch(_ *http.Request, id string, ops []scim.PatchOperation) (scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows[id] == nil {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	common := s.schema
	common.Attributes = append(slices.Clone(common.Attributes), schema.CommonAttributes()...)
	next, err := scim.ApplyPatch(s.flat(s.rows[id]), ops, common, s.more...)
	if err != nil {
		return scim.Resource{}, err
	}
	s.rows[id] = s.nested(next)
	return s.resource(id), nil
}

// flat puts the attributes of extensions where ApplyPatch looks for them and writes them, beside the schema's URN:
// "urn:…:User:manager". Whether a manager comes with the creation or in a PATCH after it depends on which of two
// accounts is made first, so without this the same data ends in two shapes.
func (s *shelf) flat(row scim.ResourceAttributes) scim.ResourceAttributes {
	row = maps.Clone(row)
	for _, e := range s.more {
		inner, _ := row[e.ID].(map[string]any)
		for name, value := range inner {
			row[e.ID+":"+name] = value
		}
		delete(row, e.ID)
	}
	return row
}

// nested puts them back under the URN (RFC 7643 §3.3).
func (s *shelf) nested(row scim.ResourceAttributes) scim.ResourceAttributes {
	for _, e := range s.more {
		inner := map[string]any{}
		for key, value := range row {
			if name, ok := strings.CutPrefix(key, e.ID+":"); ok {
				inner[name] = value
				delete(row, key)
			}
		}
		if len(inner) > 0 {
			row[e.ID] = inner
		}
	}
	return row
}

// newForeign starts elimity-com/scim's server with empty shelves.
func newForeign(t *testing.T) (address string, users, groups *shelf) {
	t.Helper()
	enterprise := schema.ExtensionEnterpriseUser()
	users = &shelf{key: "userName", schema: schema.CoreUserSchema(), more: []schema.Schema{enterprise}, rows: map[string]scim.ResourceAttributes{}}
	groups = &shelf{key: "displayName", schema: schema.CoreGroupSchema(), rows: map[string]scim.ResourceAttributes{}}
	server, err := scim.NewServer(&scim.ServerArgs{
		ServiceProviderConfig: &scim.ServiceProviderConfig{MaxResults: 7, SupportFiltering: true, SupportPatch: true},
		ResourceTypes: []scim.ResourceType{
			{Name: "User", Endpoint: "/Users", Schema: users.schema, SchemaExtensions: []scim.SchemaExtension{{Schema: enterprise}}, Handler: users},
			{Name: "Group", Endpoint: "/Groups", Schema: groups.schema, Handler: groups},
		},
	})
	must(t, err)
	h := httptest.NewServer(server)
	t.Cleanup(h.Close)
	return h.URL, users, groups
}

func TestForeignServer(t *testing.T) {
	each(t, []scenario{theSameStateInElimitysServer})
}

// The life of people and groups in foreign code, read back through its own handler.
func theSameStateInElimitysServer(t *testing.T, w *world) {
	address, users, groups := newForeign(t)
	w.change(func(a *push.App) { a.URL = address })
	var ids []string
	for i := range 20 {
		more := input{"title": "Comptable", "phoneNumbers": []any{map[string]any{"value": "+33 1 23", "type": "work"}}}
		if i > 0 {
			more[resources.SchemaEnterprise] = map[string]any{"department": "Vente", "manager": map[string]any{"value": ids[0]}}
		}
		ids = append(ids, w.user(fmt.Sprintf("u%02d", i), more))
	}
	group := w.group("Vente", ids...)
	w.push()
	status, err := push.StatusOf(t.Context(), w.db, w.app, w.clock.Now())
	must(t, err)
	if !status.InSync || len(users.rows) != 20 || len(groups.rows) != 1 {
		list, _ := w.db.PushAccounts(t.Context(), w.app.Company, w.app.ID, push.AccountQuery{State: push.StateFailed})
		t.Fatalf("status %+v, %d users, %d groups; failed: %+v", status, len(users.rows), len(groups.rows), list)
	}

	w.set("User", ids[3], "userName", "renamed@atelier.fr")
	w.set("User", ids[3], "name.familyName", "Durand")
	w.set("User", ids[4], "active", false)
	w.remove("User", ids[5])
	w.set("Group", group, "displayName", "Ventes")
	w.modify("Group", group, resources.OpRemove, `members[value eq "`+ids[6]+`"]`, nil)
	w.push()

	row := func(id string) scim.ResourceAttributes { return users.rows[w.account("User", id).RemoteID] }
	name, _ := row(ids[3])["name"].(map[string]any)
	if row(ids[3])["userName"] != "renamed@atelier.fr" || name["familyName"] != "Durand" || name["givenName"] != "u03" {
		t.Errorf("renamed: %v", row(ids[3]))
	}
	if row(ids[4])["active"] != false || row(ids[5])["active"] != false || row(ids[7])["active"] != true {
		t.Errorf("active: %v, %v, %v; want false, false, true", row(ids[4])["active"], row(ids[5])["active"], row(ids[7])["active"])
	}
	ext, _ := row(ids[7])[resources.SchemaEnterprise].(map[string]any)
	if manager, _ := ext["manager"].(map[string]any); manager["value"] != w.account("User", ids[0]).RemoteID || ext["department"] != "Vente" {
		t.Errorf("enterprise attributes: %v, want the manager and the department", ext)
	}
	g := groups.rows[w.account("Group", group).RemoteID]
	if members, _ := g["members"].([]any); g["displayName"] != "Ventes" || len(members) != 18 {
		t.Errorf("group %v with %d members, want Ventes with 18", g["displayName"], len(members))
	}
	listed := 0
	err = w.engine.EachUser(t.Context(), w.app, func(client.Document, profiles.Profile) error { listed++; return nil })
	if err != nil || listed != 20 {
		t.Errorf("its account list: %d, %v; want all 20 over pages of 7", listed, err)
	}
	w.stand.Heard()
	w.resync()
	w.push()
	w.wantState("Group", group, push.StateConfirmed)
}
