package console

import (
	"context"
	"net/http"

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
	Total  int
}

type findingGroup struct {
	Severity ownership.Severity
	Findings []findingView
}

func severities() []ownership.Severity {
	return []ownership.Severity{ownership.Critical, ownership.High, ownership.Medium, ownership.Low}
}

// findings shows all open findings, by severity.
func (c *Console) findings(v *visit) error {
	all, err := c.openFindings(v.r.Context(), v.session.Company)
	if err != nil {
		return err
	}
	p := findingsPage{Total: len(all)}
	for _, severity := range severities() {
		if some := ofSeverity(all, severity); len(some) > 0 {
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

// openFindings joins the company's findings with the accounts they are about.
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
	accounts := map[string]map[string]*ownership.ObservedAccount{}
	views := make([]findingView, 0, len(found))
	for _, f := range found {
		view := findingView{Finding: f, AppName: names[f.App], Late: !f.Due.IsZero() && c.Now().After(f.Due)}
		if f.ObjectType == "account" {
			if accounts[f.App] == nil {
				if accounts[f.App], err = c.observedByID(ctx, company, f.App); err != nil {
					return nil, err
				}
			}
			view.Account = accounts[f.App][f.ObjectID]
		}
		views = append(views, view)
	}
	return views, nil
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
