package push

import (
	"errors"

	"proprio/push/manual"
	"proprio/push/mapping"
)

// Settings is how an app is to be treated, beyond what every app needs. The zero value is what a new app has.
type Settings struct {
	// Repair has what a nightly reconciliation finds different or missing sent again; without it, it is only reported.
	Repair bool `json:"repair,omitempty"`
	// Rules say who is in the app's scope, what it is sent of a User, and which roles it gives: scope, mapping, roles.
	mapping.Rules
	// Tasks is for an app without an interface.
	Tasks manual.Settings `json:"tasks,omitzero"`
	// Setup is the step of setting up that comes next; empty: the app is set up.
	Setup Setup `json:"setup,omitempty"`
	// Guard bounds how much the app loses at once.
	Guard Guard `json:"guard,omitzero"`
	// Credential is what is known of the app's credential besides its secret.
	Credential Credential `json:"credential,omitzero"`
	// DeleteAfterDays has accounts that were created here deleted in the app so long after their access ended for good, because
	// the person left the scope or the directory; 0: never.
	DeleteAfterDays int `json:"deleteAfterDays,omitempty"`
}

// Check says what is wrong with settings.
func (s Settings) Check() error {
	return errors.Join(s.Setup.check(), s.Tasks.Check(), s.Guard.Check(), checkDelay(s.DeleteAfterDays), s.Credential.check())
}
