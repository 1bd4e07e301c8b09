package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

const enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// usual are the attributes that an identity provider names whenever it creates a User.
var usual = []string{"active", "displayName", "emails", "externalId", "name.familyName", "name.givenName", "userName",
	enterpriseURN + ":department", enterpriseURN + ":employeeNumber"}

// naming is the creation of a User whose entry names attributes.
func naming(name string, attributes ...string) resources.Change {
	ch := create(newUser(name))
	ch.Audit.Changed = attributes
	return ch
}

// namings is how many creations there are, each naming the usual attributes.
func namings(prefix string, n int) []resources.Change {
	var all []resources.Change
	for i := range n {
		all = append(all, naming(fmt.Sprintf("%s%d@firm.example", prefix, i), usual...))
	}
	return all
}

// wantNames expects every entry about a resource, by whichever way it is read, to name the usual attributes, and none to refer
// to a set that is not there.
func (b *bench) wantNames(t *testing.T, entries int) {
	t.Helper()
	var feed []audit.Entry
	var err error
	for range 100 { // other tests' long transactions on the same Postgres may delay the log
		if feed, err = b.Changes(t.Context(), b.c.Company, 0, 1000); err != nil {
			t.Fatal(err)
		}
		if len(feed) >= entries {
			break
		}
	}
	end, err := b.Position(t.Context(), b.c.Company)
	if err != nil {
		t.Fatal(err)
	}
	net, err := b.NetChanges(t.Context(), b.c.Company, audit.Span{UpTo: end, Types: []string{resources.TypeUser}, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var last []audit.Entry
	for _, change := range net.Changes {
		last = append(last, change.Entry)
	}
	for way, all := range map[string][]audit.Entry{"the record": b.entries(t), "the log": feed, "net changes": last} {
		if len(all) != entries {
			t.Errorf("%s: %d entries, want %d", way, len(all), entries)
		}
		for _, e := range all {
			if diff := cmp.Diff(usual, e.Changed); diff != "" {
				t.Errorf("%s, about %s: (-want +got)\n%s", way, e.ObjectName, diff)
			}
		}
	}
	if n := db.Count(t, b.DB, `select count(*) from audit_entries e where e.company_id = ? and e.attributes <> '' and not exists
		(select 1 from attribute_sets s where s.company_id = e.company_id and s.id = e.attributes)`, b.c.Company); n != 0 {
		t.Errorf("%d entries refer to sets that are not there", n)
	}
}

// referring is how many entries of the company refer to a set.
func (b *bench) referring(t *testing.T) int {
	t.Helper()
	return db.Count(t, b.DB, `select count(*) from audit_entries where company_id = ? and attributes <> '' and changed = '[]'`, b.c.Company)
}

func (b *bench) sets(t *testing.T) int {
	t.Helper()
	return db.Count(t, b.DB, `select count(*) from attribute_sets where company_id = ?`, b.c.Company)
}

// A set that comes again is kept once for the company, and the entries that follow hold none of its names. The previous version
// reads both columns as it always did.
func TestTheRecordKeepsASetOfNamesOnce(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		other := newBench(t, b.DB)
		for _, ch := range namings("u", 5) {
			b.apply(t, ch)
		}
		other.apply(t, namings("v", 1)...)
		b.wantNames(t, 5)
		other.wantNames(t, 1)
		if b.sets(t) != 1 || b.referring(t) != 3 || other.sets(t) != 0 || other.referring(t) != 0 {
			t.Errorf("%d sets, %d entries refer to them; in another company %d, %d", b.sets(t), b.referring(t), other.sets(t), other.referring(t))
		}
	})
}

// Few names, and those of other changes, are held as they are: receivers of events are told of a change by them, also by a
// replica of the previous version.
func TestTheRecordHoldsOtherNamesItself(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		var people []*resources.Resource
		for n := range 4 {
			ch := naming(fmt.Sprintf("u%d@firm.example", n), "active", "userName")
			b.apply(t, ch)
			people = append(people, ch.Resource)
		}
		for _, r := range people {
			ch := replace(later(r, func(x *resources.Index) { x.DisplayName = "New" }), 1)
			ch.Audit.Changed = usual
			b.apply(t, ch)
		}
		if b.sets(t) != 0 || b.referring(t) != 0 {
			t.Errorf("%d sets, %d entries refer to them", b.sets(t), b.referring(t))
		}
		for _, e := range b.entries(t) {
			if want := map[audit.Action][]string{audit.ActionCreate: {"active", "userName"}, audit.ActionReplace: usual}[e.Action]; !slices.Equal(e.Changed, want) {
				t.Errorf("%s names %v, want %v", e.Action, e.Changed, want)
			}
		}
	})
}

// Whatever becomes of the transaction that brings a set first, no entry refers to one that is not there.
func TestARolledBackTransactionTakesNoNamesAlong(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		failure := errors.New("no")
		err := b.Together(t.Context(), func(ctx context.Context) error {
			for _, ch := range namings("gone", 4) {
				if _, err := b.Apply(ctx, b.c, ch); err != nil {
					return err
				}
			}
			return failure
		})
		if !errors.Is(err, failure) {
			t.Fatal(err)
		}
		b.wantNames(t, 0)
		err = b.Together(t.Context(), func(ctx context.Context) error {
			for i, ch := range namings("u", 4) {
				part := b.Together(ctx, func(ctx context.Context) error {
					_, err := b.Apply(ctx, b.c, ch)
					if i%2 == 0 {
						return errors.Join(err, failure)
					}
					return err
				})
				if i%2 == 1 && part != nil {
					return part
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.apply(t, namings("last", 1)...)
		b.wantNames(t, 3)
		if b.sets(t) != 1 || b.referring(t) == 0 {
			t.Errorf("%d sets, %d entries refer to them", b.sets(t), b.referring(t))
		}
	})
}

func TestALoadRefersToSets(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		b.apply(t, namings("first", 20)...)
		b.apply(t, namings("second", 20)...)
		b.wantNames(t, 40)
		if b.sets(t) != 1 || b.referring(t) != 20 {
			t.Errorf("%d sets, %d entries refer to them", b.sets(t), b.referring(t))
		}
	})
}

// A set whose id is that of another one is held by its entries.
func TestNamesAreNeverThoseOfAnotherSet(t *testing.T) {
	t.Parallel()
	eachBench(t, func(t *testing.T, b *bench) {
		text := `["` + strings.Join(usual, `","`) + `"]`
		db.Write(t, b.DB, `insert into attribute_sets (company_id, id, names) values (?, ?, ?)`, b.c.Company, db.SetID(text), `["other"]`)
		for _, ch := range namings("u", 5) {
			b.apply(t, ch)
		}
		b.wantNames(t, 5)
		if n := b.referring(t); n != 0 {
			t.Errorf("%d entries refer to the set of other names", n)
		}
	})
}

// A database that lost a set it had committed, as one does whose standby was behind, gets it again before long, and with it
// the names of the entries that were written meanwhile.
func TestALostSetIsWrittenAgain(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		now := start
		c.Now = func() time.Time { return now }
		b := newBench(t, dbtest.Open(t, c))
		all := namings("u", 8)
		for _, ch := range all[:4] {
			b.apply(t, ch)
		}
		db.Write(t, b.DB, `delete from attribute_sets where company_id = ?`, b.c.Company)
		b.apply(t, all[4])
		now = now.Add(11 * time.Minute)
		b.apply(t, all[5])
		b.wantNames(t, 6)
		b.apply(t, all[6])
		b.wantNames(t, 7)
		if n := b.referring(t); n != 4 {
			t.Errorf("%d entries refer to the set, want 4", n)
		}
	})
}

func TestSetsOfNamesAreCarriedOver(t *testing.T) {
	t.Parallel()
	from := db.Config{Data: t.TempDir()}
	b := newBench(t, dbtest.Open(t, from))
	for _, ch := range namings("u", 5) {
		b.apply(t, ch)
	}
	into := beside(t, from)
	if _, err := db.CarryOver(t.Context(), from, into, db.CarryOptions{}); err != nil {
		t.Fatal(err)
	}
	carried := &bench{dbtest.Open(t, into), b.c}
	carried.wantNames(t, 5)
	if n := carried.referring(t); n != 3 {
		t.Errorf("%d entries refer to the set, want 3", n)
	}
}
