package console

import (
	"net/http"

	"proprio/ownership"
)

// The states of an app, as the pages name them.
const (
	appRunning = "running"
	appPaused  = "paused"
	appBlocked = "blocked" // no calls for now: the app asked to wait, or it failed too often
	appSetup   = "setup"   // not started yet
)

func (c *Console) appState(a App) string {
	switch {
	case a.InSetup():
		return appSetup
	case a.Paused:
		return appPaused
	case a.BlockedUntil.After(c.Now()):
		return appBlocked
	}
	return appRunning
}

type appsPage struct{ Rows []appRow }

// appRow is one app with how its accounts stand, by state of the push and by verdict.
type appRow struct {
	App
	State    string
	Accounts map[string]int // state → count
	Verdicts map[string]int // verdict → count
	Observed int
	Worst    ownership.Severity // of its open findings; empty: none
	Findings int
}

// apps lists the company's apps.
func (c *Console) apps(v *visit) error {
	ctx, company := v.r.Context(), v.session.Company
	apps, err := c.Apps.Apps(ctx, company)
	if err != nil {
		return err
	}
	counts, err := c.Apps.AccountCounts(ctx, company)
	if err != nil {
		return err
	}
	findings, err := c.Ownership.Findings(ctx, company)
	if err != nil {
		return err
	}
	var p appsPage
	for _, a := range apps {
		observed, err := c.Ownership.Observed(ctx, company, a.ID)
		if err != nil {
			return err
		}
		row := appRow{App: a, State: c.appState(a), Accounts: counts[a.ID], Verdicts: map[string]int{}, Observed: len(observed)}
		for _, o := range observed {
			row.Verdicts[string(o.Verdict)]++
		}
		for _, f := range findings { // most severe first
			if f.App != a.ID {
				continue
			}
			if row.Findings++; row.Worst == "" {
				row.Worst = f.Severity
			}
		}
		p.Rows = append(p.Rows, row)
	}
	return c.render(v, http.StatusOK, "apps", p)
}
