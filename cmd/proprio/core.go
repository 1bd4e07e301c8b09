package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/google/uuid"

	"proprio/db"
	"proprio/ownership"
	"proprio/push"
	"proprio/push/manual"
	"proprio/push/rest"
	"proprio/resources"
	"proprio/scim/client"
)

// domainGrace is how long a proved domain stays in force after its DNS record vanished.
const domainGrace = 72 * time.Hour

// core is what every command and the server share: the database, and the doors that changes pass.
type core struct {
	db        *db.DB
	registry  *resources.Registry // of what every company has
	directory *resources.Directory
	registrar *ownership.Registrar
	engine    *push.Engine         // plans and pushes once it runs; commands only ask it
	inspector *ownership.Inspector // reads apps' own account lists
	checker   *ownership.Checker   // sees in apps what they confirmed
	desk      *manual.Desk         // what people do in apps without an interface
	limits    limits               // of the server
	private   privateApps          // where the console may put apps
	data      string               // the folder of SQLite's file and of the keys
	traces    *traces              // nil: none
	log       *slog.Logger
	now       func() time.Time
}

// open opens the database that the settings name, or makes it, and wires what stands on it.
func (p *program) open(ctx context.Context) (*core, error) { return p.wire(ctx, false) }

// openExisting is open where a database has to be: a mistyped place is told instead of filled.
func (p *program) openExisting(ctx context.Context) (*core, error) {
	c, err := p.wire(ctx, true)
	if errors.Is(err, db.ErrNoDatabase) {
		err = fmt.Errorf("%w: see --data (PROPRIO_DATA) and --database (PROPRIO_DATABASE); on a new installation, "+
			"proprio serve and proprio company create make it", err)
	}
	return c, err
}

func (p *program) wire(ctx context.Context, existing bool) (*core, error) {
	keyset, err := secretFromEnvironment(p.getenv, "PROPRIO_KEYSET")
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, db.Config{Data: p.cfg.Data, URL: p.cfg.Database, Existing: existing, Connections: int(p.cfg.Connections), Keyset: keyset, Trace: p.traces.statements(), Logger: p.log})
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	c := &core{db: d, registry: resources.NewRegistry(), limits: p.cfg.Limits, private: p.cfg.PrivateApps, data: p.cfg.Data, traces: p.traces, log: p.log, now: time.Now}
	if err := c.wirePush(p.cfg.Profiles); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	c.directory = &resources.Directory{
		Registry: d, Store: d, Policy: &ownership.Policy{Companies: d, Now: c.now}, Now: c.now, NewID: newID,
	}
	c.registrar = &ownership.Registrar{
		Companies: d, Marks: d, Verifier: &ownership.Verifier{Resolver: net.DefaultResolver}, Directory: c.directory,
		DomainsChanged: c.domainsChanged, Grace: domainGrace, Now: c.now, NewID: newID, Log: p.log,
	}
	return c, nil
}

// wirePush makes the engine and the reader of account lists.
func (c *core) wirePush(folder string) error {
	set, err := readProfiles(folder)
	if err != nil {
		return err
	}
	c.engine, err = push.NewEngine(push.Config{
		Store: c.db, Resources: c.db, Registries: c.db, Domains: c.db.VerifiedDomains, Profiles: set, Connectors: rest.Connectors(), Now: c.now, Log: c.log, Owner: newID(), Planned: c.planned, Confirmed: c.confirmed,
		Begin: c.traces.begin, Guarded: c.traces.calls(client.Transport(true)), Open: c.traces.calls(client.Transport(false)),
	})
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	c.inspector = &ownership.Inspector{
		Reader: accountReader{c}, Apps: c.appsToRead, Store: c.db, Interval: readInterval, Now: c.now, NewID: newID, Log: c.log,
	}
	c.desk = &manual.Desk{Store: c.db, Terms: c.taskTerms, Admins: c.adminAddresses, Now: c.now, Log: c.log}
	c.checker = &ownership.Checker{
		Inspector: c.inspector, Reader: accountReader{c}, Paused: c.paused, Now: c.now, Log: c.log,
	}
	return nil
}

// confirmed has seen at the target what an app said of its accounts.
func (c *core) confirmed(_ context.Context, app push.App, accounts []push.Confirmation) {
	confirmed := make([]ownership.Confirmed, len(accounts))
	for i, a := range accounts {
		confirmed[i] = ownership.Confirmed(a)
	}
	c.checker.Confirmed(appRef(app), confirmed)
}

// paused says whether an app is not to be called: it is paused or removed, or its company is suspended.
func (c *core) paused(ctx context.Context, ref ownership.AppRef) (bool, error) {
	app, err := c.db.App(ctx, ref.Company, ref.ID)
	if errors.Is(err, resources.ErrNotFound) {
		return true, nil
	}
	if err != nil || app.Paused {
		return app.Paused, err
	}
	company, err := c.db.Company(ctx, ref.Company)
	return company.Suspended, err
}

// planned judges again the observed accounts that changed Users concern.
func (c *core) planned(ctx context.Context, company, objectType string, ids []string) {
	if objectType != resources.TypeUser {
		return
	}
	if err := c.inspector.Recompute(ctx, company, ids...); err != nil && ctx.Err() == nil {
		c.log.ErrorContext(ctx, "verdicts not renewed; the next reading renews them", "company", company, "error", err)
	}
}

// domainsChanged ends the console sessions that a company's domains no longer allow, and judges its accounts again.
func (c *core) domainsChanged(ctx context.Context, company string, domains []string) error {
	return errors.Join(c.endSessionsOutside(ctx, company, domains), c.inspector.Recompute(ctx, company))
}

// endSessionsOutside ends the console sessions of admins whose address is in none of the company's domains in force.
func (c *core) endSessionsOutside(ctx context.Context, company string, domains []string) error {
	admins, err := c.db.Admins(ctx, company)
	if err != nil {
		return err
	}
	for _, a := range admins {
		domain, ok := resources.AddressDomain(a.Address)
		if !ok || slices.Contains(domains, domain) {
			continue
		}
		if _, err := c.db.EndSessionsOfDomain(ctx, company, domain); err != nil {
			return err
		}
	}
	return nil
}

func (c *core) close() {
	if err := c.db.Close(); err != nil {
		c.log.Error("close database", "error", err)
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
