package ownership

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"proprio/audit"
)

// Inspector reads apps' own account lists, judges each account and keeps the findings. It changes nothing in an app. Its
// dependencies are its fields; all are required. It is safe for concurrent use, by several processes too.
type Inspector struct {
	Reader   AccountReader
	Apps     func(ctx context.Context) ([]AppRef, error) // the apps to read, of all companies
	Store    Store
	Interval time.Duration // between two readings of an app
	Now      func() time.Time
	NewID    func() string // UUIDv7
	Log      *slog.Logger

	mu      sync.Mutex
	reading map[string]int // readings under way here, by app id
}

// lookEvery is how often Run looks for readings that are due, at least: an app that was just added has never been read,
// so that it is due at once and its accounts are judged within a minute.
const lookEvery = time.Minute

// readPatience is how long the reading of one app may take.
const readPatience = 5 * time.Minute

// Run reads every app when its reading is due, until ctx ends. Several replicas may run it: each reading is done by one.
func (i *Inspector) Run(ctx context.Context) error {
	ticker := time.NewTicker(max(min(i.Interval/10, lookEvery), time.Second))
	defer ticker.Stop()
	for {
		if err := i.ReadDue(ctx); err != nil && ctx.Err() == nil {
			i.Log.ErrorContext(ctx, "reading of app accounts failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// ReadDue reads every app whose reading is due, a few at a time. An app that fails or is slow does not keep the others
// from being read.
func (i *Inspector) ReadDue(ctx context.Context) error {
	apps, err := i.Apps(ctx)
	if err != nil {
		return fmt.Errorf("list apps: %w", err)
	}
	errs := make([]error, len(apps))
	var readers errgroup.Group
	readers.SetLimit(mostApps)
	for n, app := range apps {
		readers.Go(func() error {
			errs[n] = i.readDue(ctx, app)
			return nil
		})
	}
	_ = readers.Wait() // each app's error is its own
	return errors.Join(errs...)
}

// readDue reads one app if its reading is due and nobody else does it.
func (i *Inspector) readDue(ctx context.Context, app AppRef) error {
	if ctx.Err() != nil {
		return nil
	}
	due, err := i.Store.ClaimReading(ctx, app, i.Now(), i.Interval)
	if err != nil || !due {
		return err
	}
	return i.ReadApp(ctx, audit.Actor{Kind: audit.ActorSystem, Name: "account reader"}, app)
}

// ReadApp reads an app's account list whole, judges it, and stores accounts, findings and one audit entry in one
// transaction; a periodic reading that brings nothing new makes no entry. A list that is incomplete, or empty where
// accounts were known, changes nothing but the note of the failure: absence must never be concluded from a bad answer.
func (i *Inspector) ReadApp(ctx context.Context, actor audit.Actor, app AppRef) error {
	err := i.readApp(ctx, actor, app)
	if err == nil || ctx.Err() != nil {
		return err
	}
	err = fmt.Errorf("read the accounts of %s: %w", app.Name, err)
	return errors.Join(err, i.Store.FailReading(ctx, app, i.Now(), err.Error()))
}

func (i *Inspector) readApp(ctx context.Context, actor audit.Actor, app AppRef) error {
	defer i.begin(app)()
	read, err := i.readAll(ctx, app)
	if err != nil {
		return err
	}
	now := i.Now()
	observed, err := observe(app, read, now)
	if err != nil {
		return err
	}
	return i.Store.Observe(ctx, app, func(ctx context.Context, o Observation) error {
		before, err := o.Accounts(ctx)
		if err != nil {
			return err
		}
		if len(observed) == 0 && len(before) > 0 {
			return fmt.Errorf("%w: the app lists no account, but had %d before; what was known is kept", ErrIncomplete, len(before))
		}
		c, err := i.conclude(ctx, o, app, before, slices.Clone(observed), whole)
		if err != nil {
			return err
		}
		c.ReadAt = now
		if actor.Kind != audit.ActorSystem || len(c.Accounts)+len(c.Gone)+len(c.Findings) > 0 {
			// A periodic reading that brings nothing new would drown the record of what people did.
			c.Entry = &audit.Entry{Company: app.Company, At: now, Actor: actor, Action: audit.ActionRead,
				ObjectType: "app", ObjectID: app.ID, ObjectName: app.Name}
		}
		return o.Save(ctx, c)
	})
}

// readAll reads an app's list, for as long as an app may take: one that answers without end would keep a reader from all
// others.
func (i *Inspector) readAll(ctx context.Context, app AppRef) ([]RemoteAccount, error) {
	limited, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	read, err := i.Reader.ReadAccounts(limited, app)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: the app did not give its whole list within %s: %w", ErrIncomplete, readPatience, err)
	}
	return read, err
}

// begin notes that an app's list is being read, until the returned function is called.
func (i *Inspector) begin(app AppRef) (end func()) {
	count := func(n int) {
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.reading == nil {
			i.reading = map[string]int{}
		}
		i.reading[app.ID] += n
		if i.reading[app.ID] == 0 {
			delete(i.reading, app.ID)
		}
	}
	count(1)
	return func() { count(-1) }
}

// isReading says whether an app's list is being read here.
func (i *Inspector) isReading(app AppRef) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.reading[app.ID] > 0
}

// Recompute judges again what is known of a company's apps, and its held Users, because its Users or domains changed.
// With users, only the accounts that these Users concern; that costs next to nothing when there is none. It reads no app.
func (i *Inspector) Recompute(ctx context.Context, company string, users ...string) error {
	apps, err := i.Store.ObservedApps(ctx, company, users...)
	if err != nil {
		return fmt.Errorf("list observed apps: %w", err)
	}
	var errs []error
	for _, app := range apps {
		if err := i.rejudge(ctx, app, users); err != nil {
			errs = append(errs, fmt.Errorf("judge the accounts of %s again: %w", app.Name, err))
		}
	}
	err = i.Store.SettleHeld(ctx, company, users, func(held []HeldUser, open []Finding) []Finding {
		return reconcile(open, heldFindings(company, held), i.Now(), i.NewID)
	})
	if err != nil {
		errs = append(errs, fmt.Errorf("findings about held users: %w", err))
	}
	return errors.Join(errs...)
}

func (i *Inspector) rejudge(ctx context.Context, app AppRef, users []string) error {
	part := scope(len(users) > 0)
	return i.Store.Observe(ctx, app, func(ctx context.Context, o Observation) error {
		before, err := o.Accounts(ctx, users...)
		if err != nil {
			return err
		}
		c, err := i.conclude(ctx, o, app, before, slices.Clone(before), part)
		if err != nil {
			return err
		}
		return o.Save(ctx, c)
	})
}

// scope says how much of an app's list is judged: all of it, or the accounts that some Users concern together with all
// active administrators. The part is enough when only Users changed: an account's verdict depends on its own Users and
// on the administrators, and so do the findings.
type scope bool

const (
	whole  scope = false
	partly scope = true
)

// conclude judges accounts and works out what changes.
func (i *Inspector) conclude(ctx context.Context, o Observation, app AppRef, before, accounts []ObservedAccount, s scope) (Conclusions, error) {
	domains, err := o.Domains(ctx)
	if err != nil {
		return Conclusions{}, err
	}
	users, err := o.UsersByAddress(ctx, addressKeys(accounts))
	if err != nil {
		return Conclusions{}, err
	}
	open, err := o.OpenFindings(ctx)
	if err != nil {
		return Conclusions{}, err
	}
	owner, err := o.Responsible(ctx)
	if err != nil {
		return Conclusions{}, err
	}
	waivers, err := o.Waivers(ctx, i.Now())
	if err != nil {
		return Conclusions{}, err
	}
	tells := tellsRoles(accounts)
	if s == partly {
		open = about(open, slices.Concat(before, accounts))
		tells = tells || tellsRoles(before) || slices.ContainsFunc(open, func(f Finding) bool { return f.Kind == FindingFewAdmins })
	}
	judge(accounts, users, inForce(domains))
	changed, gone := compare(before, accounts)
	return Conclusions{
		Accounts: changed, Gone: gone, Findings: reconcile(open, owned(owner, waivers.apply(findings(app, accounts, tells), accounts)), i.Now(), i.NewID),
	}, nil
}

// compare returns the accounts that are new or differ, and the ids of those gone.
func compare(before, after []ObservedAccount) (changed []ObservedAccount, gone []string) {
	known := make(map[string]ObservedAccount, len(before))
	for _, a := range before {
		known[a.RemoteID] = a
	}
	for _, a := range after {
		old, ok := known[a.RemoteID]
		delete(known, a.RemoteID)
		if !ok || !a.same(old) {
			changed = append(changed, a)
		}
	}
	for id := range known {
		gone = append(gone, id)
	}
	slices.Sort(gone)
	return changed, gone
}

// same compares all but the time of the read, which is kept once for the app.
func (a ObservedAccount) same(b ObservedAccount) bool {
	return a.RemoteID == b.RemoteID && a.UserName == b.UserName && a.DisplayName == b.DisplayName && a.Active == b.Active &&
		a.Administrator == b.Administrator && a.User == b.User && a.Verdict == b.Verdict &&
		a.ExternalID == b.ExternalID && a.EmployeeNumber == b.EmployeeNumber && slices.Equal(a.Emails, b.Emails) && slices.Equal(a.Logins, b.Logins) && slices.Equal(a.Roles, b.Roles) &&
		slices.Equal(a.Reasons, b.Reasons)
}
