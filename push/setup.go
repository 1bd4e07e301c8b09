package push

import (
	"fmt"
	"slices"

	"proprio/resources"
)

// Setup is the step of setting up that an app waits at: an administrator adds it in several sittings.
type Setup string

// The steps, in their order.
const (
	SetupNone     Setup = ""         // it is set up
	SetupTest     Setup = "test"     // whether it answers
	SetupAccounts Setup = "accounts" // who is there already
	SetupScope    Setup = "scope"    // who should be there
	SetupTrial    Setup = "trial"    // what would be done; then it starts
)

// SetupSteps are the steps, in their order.
func SetupSteps() []Setup { return []Setup{SetupTest, SetupAccounts, SetupScope, SetupTrial} }

func (s Setup) check() error {
	if s == SetupNone || slices.Contains(SetupSteps(), s) {
		return nil
	}
	return resources.Errorf(resources.ErrInvalidValue, "setup", "settings of an app: setup %q is none of %s", s, fmt.Sprint(SetupSteps()))
}

// InSetup says that the app is not set up yet: it is paused, and nothing is planned for it before it starts. Whoever resumes
// it starts it.
func (a App) InSetup() bool { return a.Paused && a.Settings.Setup != SetupNone }
