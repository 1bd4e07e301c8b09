package push

import (
	"context"
	"time"

	"proprio/audit"
)

// Status is where an app stands, for the console and for `proprio app status --json`, whose fields are stable.
type Status struct {
	App           string        `json:"app"`
	ID            string        `json:"id"`
	Profile       string        `json:"profile"`
	URL           string        `json:"url"`
	Paused        bool          `json:"paused"`
	BlockedUntil  *time.Time    `json:"blockedUntil,omitempty"`
	BlockedReason string        `json:"blockedReason,omitempty"`
	Users         map[State]int `json:"users"`
	Groups        map[State]int `json:"groups"`
	Failures      map[Class]int `json:"failures"`
	Due           int           `json:"due"`    // accounts whose wanted state the app has not confirmed
	InSync        bool          `json:"inSync"` // nothing due, nothing failed, nothing partial
}

// Status counts an app's accounts.
func (e *Engine) Status(ctx context.Context, app App) (Status, error) {
	counts, err := e.Store.CountAccounts(ctx, app.Company, app.ID)
	if err != nil {
		return Status{}, err
	}
	s := Status{App: app.Name, ID: app.ID, Profile: app.Profile, URL: app.URL, Paused: app.Paused, InSync: true,
		Users: map[State]int{}, Groups: map[State]int{}, Failures: map[Class]int{}}
	if app.BlockedUntil.After(e.Now()) {
		s.BlockedUntil, s.BlockedReason = &app.BlockedUntil, app.BlockedReason
	}
	for _, c := range counts {
		if c.ObjectType == "Group" {
			s.Groups[c.State] += c.N
		} else {
			s.Users[c.State] += c.N
		}
		if c.State == StateFailed {
			s.Failures[c.Class] += c.N
		}
		if c.Due {
			s.Due += c.N
		}
		if c.Due || c.State == StatePartial {
			s.InSync = false
		}
	}
	return s, nil
}

// Resync sends an app everything again that differs from what it is known to hold, and returns how many accounts that
// concerns. Accounts that wait for a later attempt are tried at once.
func (e *Engine) Resync(ctx context.Context, app App) (int, error) {
	n, err := e.planner().Resync(ctx, app)
	e.Wake()
	return n, err
}

// SetPaused stops or resumes all calls to an app.
func (e *Engine) SetPaused(ctx context.Context, actor audit.Actor, company, app string, paused bool) error {
	a, err := e.Store.App(ctx, company, app)
	if err != nil {
		return err
	}
	a.Paused = paused
	err = e.Store.UpdateApp(ctx, actor, a)
	e.Wake()
	return err
}

// Retry makes one account due now.
func (e *Engine) Retry(ctx context.Context, actor audit.Actor, company, account string) error {
	err := e.Store.RetryAccount(ctx, actor, company, account, e.Now())
	e.Wake()
	return err
}
