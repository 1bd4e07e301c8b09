package load_test

import (
	"context"
	"slices"
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
	"proprio/resources/load"
)

// world is a company on a real database, whose people have addresses in corp.fr.
type world struct {
	t      testing.TB
	db     *db.DB
	caller resources.Caller
	*resources.Directory
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	actor := audit.Actor{Kind: audit.ActorCommand, Name: "claire"}
	w := &world{t: t, db: d, caller: resources.Caller{Company: newID(), Connection: newID(), Actor: actor}}
	w.Directory = &resources.Directory{
		Registry: d, Store: d, Policy: &ownership.Policy{Companies: d, Now: time.Now}, Now: time.Now, NewID: newID,
	}
	_, err := d.CreateCompany(context.Background(), actor, ownership.Company{ID: w.caller.Company, Name: "Corp"})
	if err == nil {
		err = d.PutDomain(context.Background(), actor, ownership.Domain{Company: w.caller.Company, Name: "corp.fr", Verified: time.Now()})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, newWorld(t, d)) })
}

// resourceType is that of the registry that every company has.
func resourceType(name string) *resources.ResourceType { return resources.NewRegistry().Type(name) }

// load brings a text in and returns the totals, and what was told of rows that are not simply created: "line fate
// attribute".
func (w *world) load(typ, text string, change ...func(*load.Loader)) (load.Totals, []load.Told) {
	w.t.Helper()
	var told []load.Told
	l := &load.Loader{Directory: w.Directory, Caller: w.caller, Type: resourceType(typ), Tell: func(t load.Told) { told = append(told, t) }}
	for _, f := range change {
		f(l)
	}
	source, err := load.Open(strings.NewReader(text), l.Type, load.FormatAuto, func(string) {})
	if err != nil {
		w.t.Fatal(err)
	}
	totals, err := l.Load(context.Background(), source)
	if err != nil {
		w.t.Fatal(err)
	}
	return totals, told
}

func update(l *load.Loader) { l.Update = true }
func dryRun(l *load.Loader) { l.DryRun = true }

// fates of rows by line.
func fates(told []load.Told) map[int]load.Fate {
	all := map[int]load.Fate{}
	for _, t := range told {
		all[t.Line] = t.Fate
	}
	return all
}

// user is the document of the User of that name.
func (w *world) user(name string) (*resources.Resource, resources.Document) {
	w.t.Helper()
	r, err := w.Store.GetByUserName(context.Background(), w.caller, resources.FoldUserName(name))
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	doc, err := r.Document()
	if err != nil {
		w.t.Fatal(err)
	}
	return r, doc
}

// members are the userNames or names of a Group's members.
func (w *world) members(group string) []string {
	w.t.Helper()
	ids, err := w.Store.ByName(context.Background(), w.caller, resources.TypeGroup, []string{resources.Fold(group)})
	if err != nil || ids[resources.Fold(group)] == "" {
		w.t.Fatalf("Group %s: %v", group, err)
	}
	list, err := w.Store.Members(context.Background(), w.caller, ids[resources.Fold(group)], "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, m := range list {
		names = append(names, m.Display)
	}
	slices.Sort(names)
	return names
}

// entries are those of the record.
func (w *world) entries() []audit.Entry {
	w.t.Helper()
	entries, err := w.db.Entries(context.Background(), w.caller.Company, audit.Query{})
	if err != nil {
		w.t.Fatal(err)
	}
	return entries
}

// count of a type's resources, by walking and by the total.
func (w *world) count(typ string) int {
	w.t.Helper()
	page, err := w.Store.Find(context.Background(), w.caller, resources.Query{Type: typ, StartIndex: 1, Count: 0})
	if err != nil {
		w.t.Fatal(err)
	}
	return page.Total
}

func wantEqual(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
}
