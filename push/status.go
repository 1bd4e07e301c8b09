package push

import (
	"context"
	"time"
)

// Status is where an app stands, for the console and for `proprio app status --json`, whose names are stable.
type Status struct {
	ID            string        `json:"id"`
	Name          string        `json:"name"`
	Profile       string        `json:"profile"`
	Paused        bool          `json:"paused"`
	BlockedUntil  *time.Time    `json:"blockedUntil,omitempty"`
	BlockedReason string        `json:"blockedReason,omitempty"`
	Due           int           `json:"due"`    // accounts whose wanted state is not confirmed yet
	States        map[State]int `json:"states"` // accounts by state
	Failures      map[Class]int `json:"failures,omitempty"`
	InSync        bool          `json:"inSync"` // nothing due, nothing partial
	Alarms        []Alarm       `json:"alarms,omitempty"`
}

// StatusOf counts an app's accounts.
func StatusOf(ctx context.Context, r Reports, app App, now time.Time) (Status, error) {
	counts, err := r.CountAccounts(ctx, app.Company, app.ID)
	if err != nil {
		return Status{}, err
	}
	s := Status{ID: app.ID, Name: app.Name, Profile: app.Profile, Paused: app.Paused,
		States: map[State]int{}, Failures: map[Class]int{}}
	if app.BlockedUntil.After(now) {
		s.BlockedUntil, s.BlockedReason = &app.BlockedUntil, app.BlockedReason
	}
	if s.Alarms, err = Alarms(ctx, r, app, now); err != nil {
		return Status{}, err
	}
	for _, c := range counts {
		s.States[c.State] += c.N
		if c.State == StateFailed {
			s.Failures[c.Class] += c.N
		}
		if c.Due {
			s.Due += c.N
		}
	}
	s.InSync = s.Due == 0 && s.States[StatePartial] == 0 && s.States[StateWaiting] == 0
	return s, nil
}
