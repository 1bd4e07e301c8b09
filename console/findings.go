package console

import (
	"context"
	"net/http"
	"slices"

	"proprio/ownership"
)

// findingView is a finding with what a reader needs to decide: the app's name, the account's verdict and its reasons.
type findingView struct {
	ownership.Finding
	AppName string
	Account *ownership.ObservedAccount // nil when it is not about an account
	Late    bool
}

type findingsPage struct {
	Groups []findingGroup
	Pager  pager
}

type findingGroup struct {
	Severity ownership.Severity
	Findings []findingView
}

func severities() []ownership.Severity {
	return []ownership.Severity{ownership.Critical, ownership.High, ownership.Medium, ownership.Low}
}

// findings shows the open findings, by severity. ?id= leads to the page that holds that finding.
func (c *Console) findings(v *visit) error {
	ctx, company, q := v.r.Context(), v.session.Company, v.r.URL.Query()
	all, err := c.openFindings(ctx, company)
	if err != nil {
		return err
	}
	number := pageNumber(q, "page")
	if i := slices.IndexFunc(all, func(f findingView) bool { return f.ID == q.Get("id") }); i >= 0 {
		number = i/pageSize + 1
	}
	first := min((number-1)*pageSize, len(all))
	shown := all[first:min(first+pageSize, len(all))]
	if err := c.joinAccounts(ctx, company, shown); err != nil {
		return err
	}
	p := findingsPage{Pager: newPager(v.r, "page", number, len(shown), len(all))}
	for _, severity := range severities() {
		if some := ofSeverity(shown, severity); len(some) > 0 {
			p.Groups = append(p.Groups, findingGroup{Severity: severity, Findings: some})
		}
	}
	return c.render(v, http.StatusOK, "findings", p)
}

func ofSeverity(all []findingView, severity ownership.Severity) []findingView {
	var some []findingView
	for _, f := range all {
		if f.Severity == severity {
			some = append(some, f)
		}
	}
	return some
}

// openFindings lists the company's findings, most severe first, with the names of their apps.
func (c *Console) openFindings(ctx context.Context, company string) ([]findingView, error) {
	found, err := c.Ownership.Findings(ctx, company)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	apps, err := c.Apps.Apps(ctx, company)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, a := range apps {
		names[a.ID] = a.Name
	}
	views := make([]findingView, len(found))
	for i, f := range found {
		views[i] = findingView{Finding: f, AppName: names[f.App], Late: !f.Due.IsZero() && c.Now().After(f.Due)}
	}
	return views, nil
}

// joinAccounts fills in the accounts that findings are about, for those that are shown in full.
func (c *Console) joinAccounts(ctx context.Context, company string, views []findingView) error {
	accounts := map[string]map[string]*ownership.ObservedAccount{}
	for i, f := range views {
		if f.ObjectType != "account" {
			continue
		}
		if accounts[f.App] == nil {
			byID, err := c.observedByID(ctx, company, f.App)
			if err != nil {
				return err
			}
			accounts[f.App] = byID
		}
		views[i].Account = accounts[f.App][f.ObjectID]
	}
	return nil
}

func (c *Console) observedByID(ctx context.Context, company, app string) (map[string]*ownership.ObservedAccount, error) {
	list, err := c.Ownership.Observed(ctx, company, app)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*ownership.ObservedAccount, len(list))
	for i := range list {
		byID[list[i].RemoteID] = &list[i]
	}
	return byID, nil
}
