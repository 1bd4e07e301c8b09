package ownership_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
)

var operator = audit.Actor{Kind: audit.ActorCommand, Name: "operator"}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// office is a Registrar over a real database and a DNS server, with a note of what it set off.
type office struct {
	*ownership.Registrar
	clock        *clock
	zone         *zone
	db           *db.DB
	mu           sync.Mutex
	reconsidered []string   // companies
	changed      [][]string // domains in force after each change
	failure      error      // of Reconsider
}

func newOffice(t *testing.T, d *db.DB) *office {
	t.Helper()
	o := &office{clock: &clock{at: now}, zone: newZone(t), db: d}
	o.Registrar = &ownership.Registrar{
		Companies: d, Marks: d, Verifier: &ownership.Verifier{Resolver: o.zone.resolver()}, Directory: o,
		DomainsChanged: func(_ context.Context, _ string, domains []string) error {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.changed = append(o.changed, domains)
			return nil
		},
		Grace: 72 * time.Hour, Now: o.clock.now, NewID: newID, Log: slog.New(slog.DiscardHandler),
	}
	return o
}

// Reconsider notes the call.
func (o *office) Reconsider(_ context.Context, c resources.Caller) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failure != nil {
		return 0, o.failure
	}
	o.reconsidered = append(o.reconsidered, c.Company)
	return 0, nil
}

func (o *office) company(t *testing.T, name string) string {
	t.Helper()
	c, err := o.CreateCompany(t.Context(), operator, name, "")
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

func TestRegistrar_CreateCompany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		first, err := o.CreateCompany(t.Context(), operator, "  Dupont   & Fils ", "")
		if err != nil || first.Name != "Dupont & Fils" || first.OutsideDomain != ownership.OutsideReject {
			t.Fatalf("%+v, %v", first, err)
		}
		again, err := o.CreateCompany(t.Context(), operator, "dupont & fils", ownership.OutsideHold)
		if err != nil || again != first {
			t.Errorf("again: %+v, %v", again, err)
		}
		for _, name := range []string{"", " \t ", "a\xff", string(make([]rune, 201))} {
			if _, err := o.CreateCompany(t.Context(), operator, name, ""); !errors.Is(err, resources.ErrInvalidValue) {
				t.Errorf("name %q: %v, want ErrInvalidValue", name, err)
			}
		}
		if _, err := o.CreateCompany(t.Context(), operator, "X", "maybe"); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("unknown mode: %v, want ErrInvalidValue", err)
		}
		if err := o.SetOutsideDomain(t.Context(), operator, first.ID, "maybe"); !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("set unknown mode: %v, want ErrInvalidValue", err)
		}
		if err := o.SetOutsideDomain(t.Context(), operator, first.ID, ownership.OutsideHold); err != nil || !slices.Equal(o.reconsidered, []string{first.ID}) {
			t.Errorf("set mode: %v, reconsidered %v", err, o.reconsidered)
		}
	})
}

// A domain's life: claimed, proved by DNS, lost from DNS, back within the grace period, lost for good.
func TestRegistrar_domainLife(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		company := o.company(t, "Dupont")
		claimed, err := o.AddDomain(t.Context(), operator, company, "Société.FR.", false)
		if err != nil || claimed.Name != "xn--socit-esab.fr" || claimed.InForce() || claimed.Proof == "" {
			t.Fatalf("claimed: %+v, %v", claimed, err)
		}
		if again, err := o.AddDomain(t.Context(), operator, company, "société.fr", false); err != nil || again != claimed {
			t.Errorf("claimed again: %+v, %v; want the same proof", again, err)
		}
		check := func(when string, inForce, missing bool, fault error) {
			t.Helper()
			got, err := o.CheckDomain(t.Context(), operator, company, "société.fr")
			if !errors.Is(err, fault) || got.InForce() != inForce || got.Missing.IsZero() == missing {
				t.Errorf("%s: %+v, %v; want in force %v, missing %v, error %v", when, got, err, inForce, missing, fault)
			}
			stored, err := d.Domains(t.Context(), company)
			if err != nil || len(stored) != 1 || stored[0].InForce() != inForce {
				t.Errorf("%s: stored %+v, %v", when, stored, err)
			}
		}
		record := ownership.ProofRecord(claimed.Name) + "."
		check("before the record is made", false, false, resources.ErrInvalidValue)
		o.zone.set(record, claimed.Proof)
		check("once the record is made", true, false, nil)
		if !slices.Equal(o.reconsidered, []string{company}) || len(o.changed) != 1 || !slices.Equal(o.changed[0], []string{claimed.Name}) {
			t.Errorf("after verifying: reconsidered %v, domains %v", o.reconsidered, o.changed)
		}
		if again, err := o.AddDomain(t.Context(), operator, company, "société.fr", true); err != nil || again.Proof != claimed.Proof {
			t.Errorf("an operator's word in the place of proof: %+v, %v", again, err)
		}
		o.zone.set(record)
		check("record gone", true, true, nil)
		o.clock.pass(71 * time.Hour)
		o.zone.setFail(true)
		check("DNS gives no answer", true, true, resources.ErrBusy)
		o.zone.setFail(false)
		o.zone.set(record, claimed.Proof)
		check("record back", true, false, nil)
		o.zone.set(record)
		check("gone again", true, true, nil)
		o.clock.pass(72 * time.Hour)
		check("gone for the whole grace period", false, false, resources.ErrInvalidValue)
		if len(o.reconsidered) != 2 || len(o.changed) != 2 || len(o.changed[1]) != 0 {
			t.Errorf("after the loss: reconsidered %v, domains %v", o.reconsidered, o.changed)
		}
	})
}

func TestRegistrar_assumedAndRemoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		company, rival := o.company(t, "Dupont"), o.company(t, "Rival")
		pending, err := o.AddDomain(t.Context(), operator, company, "a.fr", false)
		if err != nil {
			t.Fatal(err)
		}
		assumed, err := o.AddDomain(t.Context(), operator, company, "a.fr", true)
		if err != nil || !assumed.InForce() || assumed.Proof != "" || pending.Proof == "" {
			t.Fatalf("assumed: %+v, %v", assumed, err)
		}
		o.clock.pass(1000 * time.Hour)
		if err := o.Recheck(t.Context()); err != nil {
			t.Error(err)
		}
		if got, err := o.CheckDomain(t.Context(), operator, company, "a.fr"); err != nil || !got.InForce() {
			t.Errorf("an assumed domain does not depend on DNS: %+v, %v", got, err)
		}
		if _, err := o.AddDomain(t.Context(), operator, rival, "a.fr", true); !errors.Is(err, resources.ErrUniqueness) {
			t.Errorf("another company's domain: %v, want ErrUniqueness", err)
		}
		if err := o.RemoveDomain(t.Context(), operator, rival, "a.fr"); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("remove another company's domain: %v, want ErrNotFound", err)
		}
		if err := o.RemoveDomain(t.Context(), operator, company, "A.FR."); err != nil {
			t.Error(err)
		}
		if n := len(o.reconsidered); n != 2 || len(o.changed[n-1]) != 0 {
			t.Errorf("after removal: reconsidered %v, domains %v", o.reconsidered, o.changed)
		}
		for _, name := range []string{"gmail.com", "co.uk", "fr", "*.a.fr", ""} {
			if _, err := o.AddDomain(t.Context(), operator, company, name, true); !errors.Is(err, resources.ErrInvalidValue) {
				t.Errorf("domain %q: %v, want ErrInvalidValue", name, err)
			}
		}
		for _, name := range []string{"unknown.fr", "a.fr"} {
			if _, err := o.CheckDomain(t.Context(), operator, company, name); !errors.Is(err, resources.ErrNotFound) {
				t.Errorf("check %s: %v, want ErrNotFound", name, err)
			}
		}
	})
}

// Recheck looks at every proved domain of every company, and one failure keeps none from being checked.
func TestRegistrar_Recheck(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		companies := []string{o.company(t, "A"), o.company(t, "B")}
		for i, name := range []string{"a.fr", "b.fr"} {
			c, err := o.AddDomain(t.Context(), operator, companies[i], name, false)
			if err != nil {
				t.Fatal(err)
			}
			o.zone.set(ownership.ProofRecord(name)+".", c.Proof)
			if _, err := o.CheckDomain(t.Context(), operator, companies[i], name); err != nil {
				t.Fatal(err)
			}
			o.zone.set(ownership.ProofRecord(name)+".", "other")
		}
		if err := o.Recheck(t.Context()); err != nil {
			t.Error(err)
		}
		o.clock.pass(72 * time.Hour)
		err := o.Recheck(t.Context())
		if !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("lost domains are told: %v", err)
		}
		for _, company := range companies {
			if got, err := d.Domains(t.Context(), company); err != nil || len(got) != 1 || got[0].InForce() {
				t.Errorf("%+v, %v; want it out of force", got, err)
			}
		}
	})
}

// What a change calls for is done later when it could not be done at once.
func TestRegistrar_settlesAfterFailure(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		company := o.company(t, "Dupont")
		o.failure = errors.New("database gone")
		if _, err := o.AddDomain(t.Context(), operator, company, "a.fr", true); !errors.Is(err, o.failure) {
			t.Errorf("%v, want the failure", err)
		}
		o.failure = nil
		if err := o.Settle(t.Context()); err != nil || !slices.Equal(o.reconsidered, []string{company}) {
			t.Errorf("%v, reconsidered %v", err, o.reconsidered)
		}
		if err := o.Settle(t.Context()); err != nil || len(o.reconsidered) != 1 {
			t.Errorf("settled again without need: %v, %v", err, o.reconsidered)
		}
	})
}
