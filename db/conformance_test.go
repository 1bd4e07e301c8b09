package db_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
)

// TestStoreConformance holds every database to the contract of resources.Store. The cases share one database, each in a
// company of its own, so they also hold the companies apart.
func TestStoreConformance(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, group := range []map[string]func(*testing.T, *bench){
			readCases, walkCases, writeCases, memberCases, removeCases, noteCases, isolationCases, contentionCases, inputCases,
		} {
			for name, test := range group {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					test(t, newBench(t, d))
				})
			}
		}
	})
}

// bench is a company of its own in a shared database.
type bench struct {
	*db.DB
	c resources.Caller
}

func newBench(t *testing.T, d *db.DB) *bench {
	t.Helper()
	company := id()
	_, err := d.CreateCompany(t.Context(), audit.Actor{Kind: audit.ActorCommand}, ownership.Company{ID: company, Name: company})
	if err != nil {
		t.Fatalf("create a company: %v", err)
	}
	return &bench{d, resources.Caller{Company: company, Connection: id(), Actor: audit.Actor{Kind: audit.ActorConnection, Name: "Entra"}}}
}

func id() string { return uuid.Must(uuid.NewV7()).String() }

// start is a moment that every test agrees on, exact to what the store keeps.
var start = time.Date(2026, 3, 1, 9, 30, 0, 123456000, time.UTC)

// newUser is a User as Directory would hand it over, with one work address.
func newUser(name string) *resources.Resource {
	return withEmails(&resources.Resource{Type: resources.TypeUser, ID: id(), LastModified: start, Index: resources.Index{
		UserName: name, UserNameFolded: resources.Fold(name), DisplayName: "The " + name,
		NameFolded: resources.Fold("The " + name), Active: true,
	}}, name)
}

func withEmails(r *resources.Resource, addresses ...string) *resources.Resource {
	r.Index.Emails = nil
	for i, a := range addresses {
		r.Index.Emails = append(r.Index.Emails, resources.Email{Value: a, Folded: resources.Fold(a), Type: "work", Primary: i == 0})
	}
	return withBody(r)
}

func newGroup(name string) *resources.Resource {
	return withBody(&resources.Resource{Type: resources.TypeGroup, ID: id(), LastModified: start,
		Index: resources.Index{DisplayName: name, NameFolded: resources.Fold(name), Active: true}})
}

// withBody writes the document that the index stands for.
func withBody(r *resources.Resource) *resources.Resource {
	doc := map[string]any{"displayName": r.Index.DisplayName, "active": r.Index.Active}
	if r.Type == resources.TypeUser {
		doc["userName"] = r.Index.UserName
	}
	var emails []map[string]any
	for _, e := range r.Index.Emails {
		emails = append(emails, map[string]any{"value": e.Value, "type": e.Type, "primary": e.Primary})
	}
	if emails != nil {
		doc["emails"] = emails
	}
	r.Body, _ = json.Marshal(doc)
	return r
}

// later is the same resource, changed a minute after what it was.
func later(r *resources.Resource, change func(*resources.Index)) *resources.Resource {
	next := *r
	next.LastModified = r.LastModified.Add(time.Minute)
	change(&next.Index)
	return withBody(&next)
}

func create(r *resources.Resource) resources.Change {
	return resources.Change{Action: audit.ActionCreate, Resource: r, SetBody: true, SetExternalID: true}
}

func replace(r *resources.Resource, expected int64) resources.Change {
	return resources.Change{Action: audit.ActionReplace, Resource: r, SetBody: true, Expected: expected}
}

func remove(r *resources.Resource) resources.Change {
	return resources.Change{Action: audit.ActionRemove, Resource: &resources.Resource{Type: r.Type, ID: r.ID, LastModified: start}}
}

func membership(group *resources.Resource, m resources.MemberChange) resources.Change {
	return resources.Change{Action: audit.ActionModify, Members: &m,
		Resource: &resources.Resource{Type: group.Type, ID: group.ID, LastModified: start.Add(time.Minute)}}
}

func users(people ...*resources.Resource) []resources.Member {
	var list []resources.Member
	for _, p := range people {
		list = append(list, resources.Member{ID: p.ID, Type: p.Type})
	}
	return list
}

func (b *bench) apply(t *testing.T, changes ...resources.Change) []resources.Applied {
	t.Helper()
	applied, err := b.Apply(t.Context(), b.c, changes...)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	for i := range applied {
		b.applied(t, changes[i], &applied[i])
	}
	return applied
}

// applied checks and drops the state that comes with a change which left the body alone.
func (b *bench) applied(t *testing.T, ch resources.Change, a *resources.Applied) {
	t.Helper()
	got := a.Resource
	a.Resource = nil
	if got == nil {
		if ch.Action != audit.ActionCreate && ch.Action != audit.ActionRemove && !ch.SetBody {
			t.Error("a change that left the body alone came without the state after it")
		}
		return
	}
	now, err := b.Get(t.Context(), b.c, ch.Resource.Type, ch.Resource.ID, resources.With{})
	if err != nil || now.Version != a.Version {
		return // another change came after it
	}
	if diff := cmp.Diff(now, got); diff != "" {
		t.Errorf("state after a change (-Get +Apply):\n%s", diff)
	}
}

// people creates n Users.
func (b *bench) people(t *testing.T, n int) []*resources.Resource {
	t.Helper()
	list, changes := make([]*resources.Resource, n), make([]resources.Change, n)
	for i := range n {
		list[i] = newUser(fmt.Sprintf("p%d@firm.example", i))
		changes[i] = create(list[i])
	}
	b.apply(t, changes...)
	return list
}

// group creates a Group of some Users.
func (b *bench) group(t *testing.T, name string, people ...*resources.Resource) *resources.Resource {
	t.Helper()
	g := newGroup(name)
	ch := create(g)
	ch.Members = &resources.MemberChange{Add: users(people...)}
	b.apply(t, ch)
	return g
}

func (b *bench) read(t *testing.T, r *resources.Resource) *resources.Resource {
	t.Helper()
	got, err := b.Get(t.Context(), b.c, r.Type, r.ID, resources.With{Groups: true, Members: true})
	if err != nil {
		t.Fatalf("Get %s %s: %v", r.Type, r.Index.DisplayName, err)
	}
	return got
}

func (b *bench) memberIDs(t *testing.T, group *resources.Resource) []string {
	t.Helper()
	var ids []string
	for _, m := range b.read(t, group).Members {
		ids = append(ids, m.ID)
	}
	return ids
}

// marks is seq by "type id", for the company.
func (b *bench) marks(t *testing.T) map[string]int64 {
	t.Helper()
	return db.Marks(t, b.DB, b.c.Company)
}

func (b *bench) clearMarks(t *testing.T) { t.Helper(); db.ClearMarks(t, b.DB, b.c.Company) }

func (b *bench) entries(t *testing.T) []audit.Entry {
	t.Helper()
	all, err := b.Entries(t.Context(), b.c.Company, audit.Query{})
	if err != nil {
		t.Fatal(err)
	}
	var about []audit.Entry
	for _, e := range all {
		if e.ObjectType == resources.TypeUser || e.ObjectType == resources.TypeGroup {
			about = append(about, e)
		}
	}
	return about
}

func wantError(t *testing.T, err, kind error, path string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error is %v, want %v", err, kind)
	}
	var e *resources.Error
	if errors.As(err, &e) && e.Path != path {
		t.Errorf("error names path %q, want %q: %v", e.Path, path, err)
	}
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func wantJSON(t *testing.T, got, want json.RawMessage) {
	t.Helper()
	var g, w any
	if json.Unmarshal(got, &g) != nil || json.Unmarshal(want, &w) != nil {
		t.Fatalf("not JSON: %s, %s", got, want)
	}
	wantEqual(t, "body", g, w)
}

func long(n int) string { return strings.Repeat("x", n) }
