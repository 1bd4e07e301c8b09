package console

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"proprio/audit"
	"proprio/ownership"
	"proprio/resources"
)

const (
	attemptsShown = 5   // the rest is in the log
	entriesSought = 200 // entries of the audit record in which it is looked for who paused an app
)

// appPage is one app: what is wrong with it, whose its accounts are, how pushing goes, the last exchanges.
type appPage struct {
	appRow
	Manual    bool   // it has no interface: there is nothing to call, read or compare
	HandOver  []Text // what to do before an account is closed
	Last      Comparison
	PausedBy  audit.Entry // who paused it, and when; zero: not known, or not paused
	Failures  []classCount
	Scope     []resources.Ref
	Critical  []findingView // findings, in full
	Lesser    []findingView // and in brief
	Verdict   string        // filter of the observed accounts; empty: all
	List      []ownership.ObservedAccount
	Pager     pager
	Reading   ownership.Reading
	Push      []Account
	PushState string // filters of the pushed accounts; empty: all
	PushClass string
	PushPager pager
	States    []string
	Attempts  []attemptView
}

// accountStates are the states of pushed accounts, those that need attention first.
func accountStates() []string {
	return []string{stateHeld, "failed", "waiting", "pending", "accepted", "partial", "confirmed", "kept", "removed"}
}

// stateHeld is the state of an account whose removal waits for a decision.
const stateHeld = "held"

// failureClasses are what failures need, first what only a person can do.
func failureClasses() []string {
	return []string{"needs-admin", "needs-data", "unsupported", "gone", "transient"}
}

// classCount is how many accounts failed for reasons of a class.
type classCount struct {
	Class string
	N     int
}

// app shows one app.
func (c *Console) app(v *visit) error {
	ctx := v.r.Context()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	p := appPage{appRow: appRow{App: app, State: c.appState(app)}, States: accountStates()}
	if p.Scope, err = c.scope(ctx, v, app); err != nil {
		return err
	}
	findings, err := c.findingsOf(ctx, v.session.Company, app.ID)
	if err != nil {
		return err
	}
	p.Critical = ofSeverity(findings, ownership.Critical)
	if err := c.joinAccounts(ctx, v.session.Company, p.Critical); err != nil {
		return err
	}
	p.Lesser = slices.DeleteFunc(findings, func(f findingView) bool { return f.Severity == ownership.Critical })
	if err := c.observedAccounts(ctx, v, &p); err != nil {
		return err
	}
	if err := c.pushedAccounts(ctx, v, &p); err != nil {
		return err
	}
	if product, err := c.product(app.Profile); err == nil { // a profile may be away
		p.Manual, p.HandOver = product.Manual, product.HandOver
	}
	if p.Last, err = c.Drift.Comparison(ctx, v.session.Company, app.ID); err != nil {
		return err
	}
	if p.PausedBy, err = c.pausedBy(ctx, v, app); err != nil {
		return err
	}
	attempts, err := c.Apps.Attempts(ctx, v.session.Company, app.ID, AttemptQuery{Limit: attemptsShown})
	if err != nil {
		return err
	}
	for _, a := range attempts {
		p.Attempts = append(p.Attempts, newAttemptView(a))
	}
	return c.render(v, http.StatusOK, "app", p)
}

// manual says whether an app's product has no interface.
func (c *Console) manual(app App) bool {
	product, err := c.product(app.Profile)
	return err == nil && product.Manual
}

// pausedBy finds in the audit record who paused an app.
func (c *Console) pausedBy(ctx context.Context, v *visit, app App) (audit.Entry, error) {
	if !app.Paused {
		return audit.Entry{}, nil
	}
	entries, err := c.Log.Entries(ctx, v.session.Company, audit.Query{ObjectType: "app", ObjectID: app.ID, Limit: entriesSought})
	if err != nil {
		return audit.Entry{}, err
	}
	i := slices.IndexFunc(entries, func(e audit.Entry) bool { return slices.Contains(e.Changed, "paused") })
	if i < 0 {
		return audit.Entry{}, nil
	}
	return entries[i], nil
}

// findApp returns the app that the path names, in the session's company.
func (c *Console) findApp(ctx context.Context, v *visit) (App, error) {
	return c.Apps.App(ctx, v.session.Company, v.r.PathValue("id"))
}

func (c *Console) findingsOf(ctx context.Context, company, app string) ([]findingView, error) {
	all, err := c.openFindings(ctx, company)
	return slices.DeleteFunc(all, func(f findingView) bool { return f.App != app }), err
}

// scope names the groups that limit the app.
func (c *Console) scope(ctx context.Context, v *visit, app App) ([]resources.Ref, error) {
	var refs []resources.Ref
	for _, id := range app.ScopeGroups {
		ref := resources.Ref{Type: resources.TypeGroup, ID: id, Display: id}
		if g, err := c.Store.Get(ctx, v.caller(), resources.TypeGroup, id, resources.With{}); err == nil {
			ref.Display = g.Index.DisplayName
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// observedAccounts fills in the accounts that the app lists, the worst verdicts first.
func (c *Console) observedAccounts(ctx context.Context, v *visit, p *appPage) error {
	all, err := c.Ownership.Observed(ctx, v.session.Company, p.ID)
	if err != nil {
		return err
	}
	readings, err := c.Ownership.Readings(ctx, v.session.Company)
	if err != nil {
		return err
	}
	p.Reading = readings[p.ID]
	q := v.r.URL.Query()
	p.Observed, p.Verdicts = len(all), map[string]int{}
	p.Verdict = oneOf(q.Get("verdict"), string(ownership.Red), string(ownership.Amber), string(ownership.Green))
	for _, o := range all {
		p.Verdicts[string(o.Verdict)]++
	}
	all = slices.DeleteFunc(all, func(o ownership.ObservedAccount) bool {
		return p.Verdict != "" && string(o.Verdict) != p.Verdict
	})
	slices.SortStableFunc(all, worstFirst)
	number := pageNumber(q, "page")
	first := min((number-1)*pageSize, len(all))
	p.List = all[first:min(first+pageSize, len(all))]
	p.Pager = newPager(v.r, "page", number, len(p.List), len(all))
	return nil
}

func worstFirst(a, b ownership.ObservedAccount) int {
	order := []ownership.Verdict{ownership.Red, ownership.Amber, ownership.Green}
	if d := slices.Index(order, a.Verdict) - slices.Index(order, b.Verdict); d != 0 {
		return d
	}
	if a.Administrator != b.Administrator {
		if a.Administrator {
			return -1
		}
		return 1
	}
	return strings.Compare(a.UserName, b.UserName)
}

// pushedAccounts fills in the accounts that Proprio pushes, those that need attention first.
func (c *Console) pushedAccounts(ctx context.Context, v *visit, p *appPage) error {
	counts, err := c.Apps.Counts(ctx, v.session.Company, p.ID)
	if err != nil {
		return err
	}
	p.Accounts, p.Failures = counts.States, failuresOf(counts)
	q := v.r.URL.Query()
	p.PushState = p.shownState(q.Get("state"))
	total := p.Accounts[p.PushState]
	if p.PushState == "" {
		for _, n := range p.Accounts {
			total += n
		}
	}
	for _, f := range p.Failures {
		if p.PushState == "failed" && f.Class == q.Get("class") {
			p.PushClass, total = f.Class, f.N
		}
	}
	number := pageNumber(q, "pushed")
	p.Push, err = c.Apps.Accounts(ctx, v.session.Company, AccountQuery{
		App: p.ID, State: p.PushState, Class: p.PushClass, Offset: (number - 1) * pageSize, Limit: pageSize,
	})
	p.PushPager = newPager(v.r, "pushed", number, len(p.Push), total)
	return err
}

// failuresOf is what failed, by class, first what only a person can do.
func failuresOf(counts Counts) (failures []classCount) {
	for _, class := range failureClasses() {
		if n := counts.Failures[class]; n > 0 {
			failures = append(failures, classCount{class, n})
		}
	}
	return failures
}

// shownState is the state to list: the one asked for, everything for "all", and at first what waits for a decision
// or failed, if anything does.
func (p *appPage) shownState(asked string) string {
	for _, first := range []string{stateHeld, "failed"} {
		if asked == "" && p.Accounts[first] > 0 {
			return first
		}
	}
	return oneOf(asked, p.States...)
}
