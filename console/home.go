package console

import (
	"context"
	"net/http"
	"time"

	"proprio/ownership"
	"proprio/resources"
)

const (
	homeInFull     = 3                   // critical findings shown with every reason and step
	homeLength     = 6                   // lines per list; the rest is one link away
	expiringWithin = 30 * 24 * time.Hour // a token that ends sooner needs a decision
)

// homePage is what needs a decision first, then how much there is of everything.
type homePage struct {
	Critical, High []findingView // the first of them
	CriticalTotal  int
	HighTotal      int
	OtherFindings  int // less severe, or beyond the first
	Blocked        []App
	Removals       []heldRemovals
	Failed         []failedAccount
	FailedTotal    int
	Held           []personRow
	HeldTotal      int
	Tokens         []expiringToken
	Tasks          []Task // the first of them
	TasksTotal     int
	TasksLate      int
	Counts         homeCounts
}

// MoreCritical is how many critical findings are not shown.
func (p homePage) MoreCritical() int { return p.CriticalTotal - len(p.Critical) }

// Calm says that nothing waits for a decision.
func (p homePage) Calm() bool {
	return len(p.Critical)+len(p.High)+p.OtherFindings+len(p.Blocked)+len(p.Removals)+p.FailedTotal+p.HeldTotal+len(p.Tokens)+p.TasksTotal == 0
}

type homeCounts struct {
	People, InForce, Groups, Apps, Accounts, Confirmed int
}

// heldRemovals is an app in which removals wait for a decision.
type heldRemovals struct {
	App
	N int
}

type failedAccount struct {
	Account
	AppName string
}

type expiringToken struct {
	resources.Token
	ConnectionName string
	Expired        bool
}

// home shows what needs a decision first.
func (c *Console) home(v *visit) error {
	ctx, company := v.r.Context(), v.session.Company
	var p homePage
	findings, err := c.openFindings(ctx, company)
	if err != nil {
		return err
	}
	p.Critical, p.High = ofSeverity(findings, ownership.Critical), ofSeverity(findings, ownership.High)
	p.CriticalTotal, p.HighTotal = len(p.Critical), len(p.High)
	p.Critical, p.High = p.Critical[:min(homeInFull, len(p.Critical))], p.High[:min(homeLength, len(p.High))]
	p.OtherFindings = len(findings) - p.CriticalTotal - len(p.High)
	if err := c.joinAccounts(ctx, company, p.Critical); err != nil {
		return err
	}
	if err := c.homeApps(ctx, company, &p); err != nil {
		return err
	}
	if err := c.homePeople(ctx, v, &p); err != nil {
		return err
	}
	if p.Tokens, err = c.expiringTokens(ctx, company); err != nil {
		return err
	}
	if err := c.homeTasks(v, &p); err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "home", p)
}

// homeTasks fills in what people have to do in apps without an interface.
func (c *Console) homeTasks(v *visit, p *homePage) error {
	counts, err := c.Tasks.TaskCounts(v.r.Context(), v.session.Company)
	if err != nil {
		return err
	}
	p.TasksLate, p.TasksTotal = counts[taskLate], counts[taskLate]+counts[taskOpen]
	if p.TasksTotal > 0 {
		p.Tasks, err = c.Tasks.Tasks(v.r.Context(), v.session.Company, TaskQuery{State: taskOpen, Language: v.lang, Limit: homeInFull})
	}
	return err
}

// homeApps fills in blocked apps and failed accounts.
func (c *Console) homeApps(ctx context.Context, company string, p *homePage) error {
	apps, err := c.Apps.Apps(ctx, company)
	if err != nil {
		return err
	}
	p.Counts.Apps = len(apps)
	all, err := c.Apps.AccountCounts(ctx, company)
	if err != nil {
		return err
	}
	for _, a := range apps {
		if c.appState(a) == appBlocked {
			p.Blocked = append(p.Blocked, a)
		}
		counts := all[a.ID]
		if n := counts[stateHeld]; n > 0 {
			p.Removals = append(p.Removals, heldRemovals{a, n})
		}
		p.FailedTotal += counts["failed"]
		p.Counts.Confirmed += counts["confirmed"]
		p.Counts.Accounts += counts["failed"] + counts["confirmed"] + counts["partial"] + counts["pending"] + counts[stateHeld] + counts["waiting"]
		if counts["failed"] == 0 || len(p.Failed) == homeLength {
			continue
		}
		failed, err := c.Apps.Accounts(ctx, company, AccountQuery{App: a.ID, State: "failed", Limit: homeLength - len(p.Failed)})
		if err != nil {
			return err
		}
		for _, account := range failed {
			p.Failed = append(p.Failed, failedAccount{Account: account, AppName: a.Name})
		}
	}
	return nil
}

// homePeople fills in people on hold and the counts of the directory.
func (c *Console) homePeople(ctx context.Context, v *visit, p *homePage) error {
	held, err := c.Store.Find(ctx, v.caller(), resources.Query{
		Type: resources.TypeUser, Where: c.inState(personHeld), StartIndex: 1, Count: homeLength,
	})
	if err != nil {
		return err
	}
	p.HeldTotal = held.Total
	for _, r := range held.Resources {
		p.Held = append(p.Held, newPersonRow(r))
	}
	for _, count := range []struct {
		typ   string
		where resources.Condition
		into  *int
	}{
		{resources.TypeUser, nil, &p.Counts.People},
		{resources.TypeUser, c.inState(personActive), &p.Counts.InForce},
		{resources.TypeGroup, nil, &p.Counts.Groups},
	} {
		page, err := c.Store.Find(ctx, v.caller(), resources.Query{Type: count.typ, Where: count.where, StartIndex: 1})
		if err != nil {
			return err
		}
		*count.into = page.Total
	}
	return nil
}

// expiringTokens finds tokens whose end would cut off an identity provider.
func (c *Console) expiringTokens(ctx context.Context, company string) ([]expiringToken, error) {
	connections, tokens, err := c.Connections.ListConnections(ctx, company)
	if err != nil {
		return nil, err
	}
	var ending []expiringToken
	for _, conn := range connections {
		if conn.Disabled {
			continue
		}
		for _, t := range tokens[conn.ID] {
			if state := tokenState(t, c.Now()); state == tokenExpiring || state == tokenExpired {
				ending = append(ending, expiringToken{Token: t, ConnectionName: conn.Name, Expired: state == tokenExpired})
			}
		}
	}
	return ending, nil
}
