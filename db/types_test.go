package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// printer is a definition with a few attributes, each given as JSON.
func printer(t testing.TB, attributes ...string) *resources.Definition {
	t.Helper()
	d, err := resources.ParseDefinition([]byte(fmt.Sprintf(`{"resourceType": {"name": "Printer", "endpoint": "/Printers", "schema": "urn:x:y:Printer"},
		"schemas": [{"id": "urn:x:y:Printer", "attributes": [%s]}]}`, strings.Join(attributes, ", "))))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var command = audit.Actor{Kind: audit.ActorCommand, Name: "test"}

func define(t testing.TB, d *db.DB, company string, def *resources.Definition) {
	t.Helper()
	if changed, err := d.SetDefinition(t.Context(), command, company, def, true); err != nil || !changed {
		t.Fatalf("define: %v, changed %t", err, changed)
	}
}

// directory changes resources by the registries of a database.
func directory(d *db.DB) *resources.Directory {
	return &resources.Directory{Registry: d, Store: d, Policy: nobody{}, Now: time.Now, NewID: id}
}

type nobody struct{}

func (nobody) Judge(context.Context, string, resources.Document, int64) (resources.Judgement, error) {
	return resources.Judgement{}, nil
}

// A change that another process makes is seen within a second, and until then nothing is asked of the database; companies
// without types of their own share one registry.
func TestRegistries_cache(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		var offset atomic.Int64
		c.Now = func() time.Time { return start.Add(time.Duration(offset.Load())) }
		server, other := dbtest.Open(t, c), dbtest.Open(t, c)
		mine, neighbour := newBench(t, server), newBench(t, server)
		look := func(b *bench) *resources.Registry {
			r, err := b.Registry(t.Context(), b.c.Company)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		before := look(mine)
		if before != look(neighbour) || before.Type("Printer") != nil {
			t.Error("companies without types of their own do not share one registry")
		}
		define(t, other, mine.c.Company, printer(t, `{"name": "a"}`))
		if look(mine) != before {
			t.Error("the database was asked within the second")
		}
		offset.Store(int64(time.Second))
		after := look(mine)
		if after.Type("Printer") == nil || after != look(mine) {
			t.Error("the new type is not seen after a second, or is compiled each time")
		}
		offset.Store(int64(3 * time.Second))
		if after != look(mine) || before != look(neighbour) {
			t.Error("what did not change was compiled again")
		}
		define(t, server, mine.c.Company, printer(t, `{"name": "a"}`, `{"name": "b"}`))
		if rt := look(mine).Type("Printer"); rt == nil || len(rt.Attributes()) != len(after.Type("Printer").Attributes())+1 {
			t.Error("a change by this process is not seen at once")
		}
		if err := other.RemoveDefinition(t.Context(), command, mine.c.Company, "Printer"); err != nil {
			t.Fatal(err)
		}
		offset.Store(int64(5 * time.Second))
		if look(mine) != before {
			t.Error("a company that has no types of its own any more does not share the registry")
		}
	})
}

// A definition is replaced on request only, by a compatible one while there are resources, and removed when there are
// none. Each is on record; what changes nothing is not.
func TestDefinitions_replaceAndRemove(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		company, dir := b.c.Company, directory(d)
		define(t, d, company, printer(t, `{"name": "a"}`))
		if changed, err := d.SetDefinition(t.Context(), command, company, printer(t, `{"name": "a"}`), false); changed || err != nil {
			t.Errorf("the same again: %t, %v", changed, err)
		}
		if _, err := d.SetDefinition(t.Context(), command, company, printer(t, `{"name": "b"}`), false); !errors.Is(err, resources.ErrUniqueness) {
			t.Errorf("another without replace: %v", err)
		}
		define(t, d, company, printer(t, `{"name": "b"}`)) // nothing stands in the way
		made, err := dir.Create(t.Context(), b.c, "Printer", resources.Input{"b": "x"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.SetDefinition(t.Context(), command, company, printer(t, `{"name": "a"}`), true); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("an attribute less while there is a resource: %v", err)
		}
		define(t, d, company, printer(t, `{"name": "b"}`, `{"name": "c"}`))
		if err := d.RemoveDefinition(t.Context(), command, company, "Printer"); !errors.Is(err, resources.ErrForbidden) || !strings.Contains(err.Error(), "1 Printers") {
			t.Errorf("removed while there is a resource: %v", err)
		}
		if err := dir.Remove(t.Context(), b.c, "Printer", made.Resource.ID, resources.Precondition{}); err != nil {
			t.Fatal(err)
		}
		if err := d.RemoveDefinition(t.Context(), command, company, "Printer"); err != nil {
			t.Error(err)
		}
		if err := d.RemoveDefinition(t.Context(), command, company, "Printer"); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
		if _, err := dir.Create(t.Context(), b.c, "Printer", resources.Input{"b": "x"}); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("created of a type that is gone: %v", err)
		}
		entries, err := d.Entries(t.Context(), company, audit.Query{ObjectType: "resourceType", ObjectID: "Printer", Limit: 10})
		var actions []audit.Action
		for _, e := range entries {
			actions = append(actions, e.Action)
		}
		if want := "[remove replace replace create]"; err != nil || fmt.Sprint(actions) != want {
			t.Errorf("on record: %v, %v, want %s", actions, err, want)
		}
		if _, err := d.SetDefinition(t.Context(), command, id(), printer(t, `{"name": "a"}`), true); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("for a company that does not exist: %v", err)
		}
	})
}

// A write that was checked against a definition which another process replaced meanwhile is not made: it could be one
// that the new definition does not allow.
func TestDefinitions_staleWrite(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		c.Now = func() time.Time { return start } // the cache never grows old by itself
		server, other := dbtest.Open(t, c), dbtest.Open(t, c)
		b := newBench(t, server)
		define(t, server, b.c.Company, printer(t, `{"name": "a"}`))
		dir := directory(server)
		if _, err := server.Registry(t.Context(), b.c.Company); err != nil {
			t.Fatal(err)
		}
		define(t, other, b.c.Company, printer(t, `{"name": "a", "required": true}`))
		if _, err := dir.Create(t.Context(), b.c, "Printer", resources.Input{}); !errors.Is(err, resources.ErrBusy) {
			t.Errorf("by the old definition: %v", err)
		}
		if _, err := dir.Create(t.Context(), b.c, "Printer", resources.Input{}); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("tried again: %v", err)
		}
	})
}

// Definitions change while resources are written: nothing is stored that the definition in place does not allow, and
// nobody waits for good.
func TestDefinitions_underContention(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		define(t, d, b.c.Company, printer(t, `{"name": "a"}`))
		dir := directory(d)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for range 5 {
					_, err := dir.Create(t.Context(), b.c, "Printer", resources.Input{"a": fmt.Sprint("x", i)})
					if err != nil && !errors.Is(err, resources.ErrBusy) && !errors.Is(err, resources.ErrNotFound) {
						t.Errorf("create: %v", err)
					}
				}
			})
		}
		wg.Go(func() {
			for i := range 5 {
				_, err := d.SetDefinition(t.Context(), command, b.c.Company, printer(t, `{"name": "a"}`, fmt.Sprintf(`{"name": "b%d"}`, i)), true)
				if err != nil && !errors.Is(err, resources.ErrInvalidValue) && !errors.Is(err, resources.ErrBusy) {
					t.Errorf("define: %v", err)
				}
				err = d.RemoveDefinition(t.Context(), command, b.c.Company, "Printer")
				if err != nil && !errors.Is(err, resources.ErrForbidden) && !errors.Is(err, resources.ErrNotFound) && !errors.Is(err, resources.ErrBusy) {
					t.Errorf("remove: %v", err)
				}
			}
		})
		wg.Wait()
		definitions, err := d.Definitions(t.Context(), b.c.Company)
		if err != nil {
			t.Fatal(err)
		}
		if n := db.Count(t, d, `select count(*) from resources where company_id = ?`, b.c.Company); n > 0 && len(definitions) == 0 {
			t.Errorf("%d resources of a type that is gone", n)
		}
	})
}

// What is never returned is nowhere in the database but sealed, bound to its resource; unique values are hashes.
func TestHiddenAttributes_areSealed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		define(t, d, b.c.Company, printer(t, `{"name": "key", "mutability": "writeOnly", "uniqueness": "server"}`, `{"name": "label"}`))
		dir := directory(d)
		made, err := dir.Create(t.Context(), b.c, "Printer", resources.Input{"key": "hush-hush", "label": "shown"})
		if err != nil {
			t.Fatal(err)
		}
		if n := db.Count(t, d, `select count(*) from resources where company_id = ? and cast(body as text) like '%hush%'`, b.c.Company); n != 0 {
			t.Error("the body holds it")
		}
		if n := db.Count(t, d, `select count(*) from attribute_keys where company_id = ? and value like '%hush%'`, b.c.Company); n != 0 {
			t.Error("a key holds it")
		}
		sealed := func() (s []byte) {
			if err := db.Get(t.Context(), d, nil, &s, `select sealed from hidden_attributes where company_id = ? and resource_id = ?`,
				b.c.Company, made.Resource.ID); err != nil {
				t.Fatal(err)
			}
			return s
		}
		first := sealed()
		if bytes.Contains(first, []byte("hush")) {
			t.Error("it is not sealed")
		}
		if r, err := d.Get(t.Context(), b.c, "Printer", made.Resource.ID, resources.With{}); err != nil || r.Hidden != nil {
			t.Errorf("a read brings it unasked: %s, %v", r.Hidden, err)
		}
		// A change of something else keeps it; so does a replacement that leaves it out. The same again changes nothing.
		for _, in := range []resources.Input{{"label": "other"}, {"label": "other", "key": "hush-hush"}} {
			if _, err := dir.Replace(t.Context(), b.c, "Printer", made.Resource.ID, resources.Precondition{}, in); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(sealed(), first) {
			t.Error("what did not change was sealed again")
		}
		result, err := dir.Replace(t.Context(), b.c, "Printer", made.Resource.ID, resources.Precondition{}, resources.Input{"label": "other", "key": "new"})
		if err != nil || !result.Changed || result.Resource.Version != 3 || bytes.Equal(sealed(), first) {
			t.Errorf("a change of it alone: %+v, %v", result, err)
		}
		twin, err := dir.Create(t.Context(), b.c, "Printer", resources.Input{"key": "hush-hush"})
		if err != nil {
			t.Fatal(err)
		}
		db.Write(t, d, `update hidden_attributes set sealed = ? where company_id = ? and resource_id = ?`, first, b.c.Company, twin.Resource.ID)
		if _, err := d.Get(t.Context(), b.c, "Printer", twin.Resource.ID, resources.With{Hidden: true}); err == nil {
			t.Error("a sealed value opens for another resource")
		}
		if err := dir.Remove(t.Context(), b.c, "Printer", made.Resource.ID, resources.Precondition{}); err != nil {
			t.Fatal(err)
		}
		if n := db.Count(t, d, `select count(*) from hidden_attributes where company_id = ? and resource_id = ?`, b.c.Company, made.Resource.ID); n != 0 {
			t.Error("it outlives its resource")
		}
	})
}
