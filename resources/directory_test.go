package resources_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
	"proprio/resources/filter"
)

// gate is a policy of one rule: addresses outside corp.fr are held, or refused while strict. It notes what it was asked.
type gate struct {
	mu     sync.Mutex
	strict bool
	asked  []string
}

func (g *gate) Judge(_ context.Context, _ string, doc resources.Document, _ int64) (resources.Judgement, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	userName, _ := doc["userName"].(string)
	g.asked = append(g.asked, userName)
	addresses := []string{userName}
	emails, _ := doc["emails"].([]any)
	for _, e := range emails {
		value, _ := e.(map[string]any)["value"].(string)
		addresses = append(addresses, value)
	}
	for _, a := range addresses {
		if domain, ok := resources.AddressDomain(a); ok && domain != "corp.fr" {
			if g.strict {
				return resources.Judgement{}, resources.Errorf(resources.ErrInvalidValue, "userName", "%s is outside", domain)
			}
			return resources.Judgement{Hold: domain + " is outside"}, nil
		}
	}
	return resources.Judgement{}, nil
}

func (g *gate) set(strict bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strict, g.asked = strict, nil
}

// site is one company's directory over a real database.
type site struct {
	t      *testing.T
	db     *db.DB
	policy *gate
	*resources.Directory
	caller resources.Caller
}

func eachSite(t *testing.T, f func(*site)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &site{t: t, db: d, policy: &gate{}}
		s.Directory = &resources.Directory{
			Registry: resources.NewRegistry(), Store: d, Policy: s.policy, Now: time.Now,
			NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		}
		company, err := d.CreateCompany(t.Context(), audit.Actor{Kind: audit.ActorCommand}, ownership.Company{ID: s.NewID(), Name: "Corp"})
		if err != nil {
			t.Fatal(err)
		}
		connection, err := d.CreateConnection(t.Context(), audit.Actor{Kind: audit.ActorCommand}, resources.Connection{ID: s.NewID(), Company: company.ID, Name: "idp"})
		if err != nil {
			t.Fatal(err)
		}
		s.caller = resources.Caller{
			Company: company.ID, Connection: connection.ID,
			Actor: audit.Actor{Kind: audit.ActorConnection, ID: connection.ID, Name: "idp"},
		}
		f(s)
	})
}

func decode(t testing.TB, text string) resources.Input {
	t.Helper()
	text = strings.NewReplacer("ENT", resources.SchemaEnterprise, "OWN", resources.SchemaOwnership).Replace(text)
	in, err := resources.DecodeObject([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return in
}

func (s *site) create(typ, text string) *resources.Resource {
	s.t.Helper()
	r, err := s.Create(s.t.Context(), s.caller, typ, decode(s.t, text))
	if err != nil {
		s.t.Fatalf("create %s: %v", text, err)
	}
	if !r.Created || !r.Changed {
		s.t.Errorf("create %s: created %v, changed %v", text, r.Created, r.Changed)
	}
	s.same(r.Resource)
	return r.Resource
}

// same checks that what a change returned is what a read returns.
func (s *site) same(r *resources.Resource) {
	s.t.Helper()
	read := s.get(r.Type, r.ID)
	got, want := *r, *read
	for _, r := range []*resources.Resource{&got, &want} { // compared below, or only read when asked for
		r.Body, r.Members, r.MemberCount, r.Index.Emails = nil, nil, 0, nil
	}
	for id, name := range got.Names { // those that the change did not know, a response asks for
		if called, there := want.Names[id]; !there || called != name {
			s.t.Errorf("%s is returned as %q, and read as %q (%v)", id, name, called, there)
		}
	}
	got.Names, want.Names = nil, nil
	if len(got.Groups) == 0 && len(want.Groups) == 0 {
		got.Groups, want.Groups = nil, nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("returned and read differ: -read +returned\n%s", diff)
	}
	if diff := cmp.Diff(document(s.t, read), document(s.t, r)); diff != "" {
		s.t.Errorf("returned and read differ: -read +returned\n%s", diff)
	}
}

func (s *site) get(typ, id string) *resources.Resource {
	s.t.Helper()
	with := resources.With{Groups: true, Members: true, References: []string{"manager", "sponsor"}}
	r, err := s.Store.Get(s.t.Context(), s.caller, typ, id, with)
	if err != nil {
		s.t.Fatalf("get %s %s: %v", typ, id, err)
	}
	return r
}

func document(t testing.TB, r *resources.Resource) resources.Document {
	t.Helper()
	doc, err := r.Document()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func (s *site) replace(r *resources.Resource, text string) *resources.Result {
	s.t.Helper()
	result, err := s.Replace(s.t.Context(), s.caller, r.Type, r.ID, resources.Precondition{}, decode(s.t, text))
	if err != nil {
		s.t.Fatalf("replace by %s: %v", text, err)
	}
	s.same(result.Resource)
	return result
}

func (s *site) modify(r *resources.Resource, ops ...resources.Operation) *resources.Result {
	s.t.Helper()
	result, err := s.Modify(s.t.Context(), s.caller, r.Type, r.ID, resources.Precondition{}, ops)
	if err != nil {
		s.t.Fatalf("modify %v: %v", ops, err)
	}
	s.same(result.Resource)
	return result
}

// set is a replace by path.
func set(path string, value any) resources.Operation {
	return operation(resources.OpReplace, path, value)
}

func operation(op resources.Op, path string, value any) resources.Operation {
	p, err := filter.ParsePath(strings.NewReplacer("ENT", resources.SchemaEnterprise, "OWN", resources.SchemaOwnership).Replace(path))
	if err != nil {
		panic(err)
	}
	return resources.Operation{Op: op, Path: p, Value: value}
}

func (s *site) members(group *resources.Resource) []string {
	s.t.Helper()
	ids := []string{}
	for _, m := range s.get(resources.TypeGroup, group.ID).Members {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	return ids
}

func (s *site) wantMembers(group *resources.Resource, want ...*resources.Resource) {
	s.t.Helper()
	ids := []string{}
	for _, r := range want {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	if diff := cmp.Diff(ids, s.members(group)); diff != "" {
		s.t.Errorf("members: -want +got\n%s", diff)
	}
}

// entries are the audit entries about an object, oldest first.
func (s *site) entries(id string) []audit.Entry {
	s.t.Helper()
	all, err := s.db.Entries(s.t.Context(), s.caller.Company, audit.Query{ObjectType: "", Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(e audit.Entry) bool { return e.ObjectID != id })
	slices.Reverse(all)
	return all
}

func (s *site) wantActions(id string, want ...audit.Action) {
	s.t.Helper()
	var got []audit.Action
	for _, e := range s.entries(id) {
		got = append(got, e.Action)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("audit actions: -want +got\n%s", diff)
	}
}

// unchanged runs f, which must fail, and checks that it left everything as it was.
func (s *site) unchanged(kind error, detail string, f func() error) {
	s.t.Helper()
	before := s.dump()
	wantError(s.t, f(), kind, detail)
	if diff := cmp.Diff(before, s.dump()); diff != "" {
		s.t.Errorf("a refused change changed something:\n%s", diff)
	}
}

// dump is everything of the company that a change could touch.
func (s *site) dump() string {
	s.t.Helper()
	var b strings.Builder
	for _, typ := range []string{resources.TypeUser, resources.TypeGroup} {
		page, err := s.Store.Find(s.t.Context(), s.caller, resources.Query{
			Type: typ, StartIndex: 1, Count: 1000, With: resources.With{Groups: true, Members: true},
		})
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range page.Resources {
			doc, err := json.Marshal(document(s.t, r))
			if err != nil {
				s.t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %s %d %q %s %v %v %v\n", r.Type, r.ID, r.Version, r.ExternalID, doc, r.Index, r.Groups, r.Members)
		}
	}
	entries, err := s.db.Entries(s.t.Context(), s.caller.Company, audit.Query{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	fmt.Fprintf(&b, "%d entries", len(entries))
	return b.String()
}
