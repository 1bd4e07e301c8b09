package push

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"proprio/push/mapping"
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

// Mark tells apart what decides who is in the app and what it is sent of them: a comparison is of the app as it was then.
func (a App) Mark() string {
	groups := slices.Sorted(slices.Values(a.ScopeGroups))
	text := fmt.Sprintf("%q", []string{a.URL, a.Profile, fmt.Sprint(a.LinkExisting), fmt.Sprintf("%q", groups), ruleText(a.Settings.Rules)})
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

func ruleText(r mapping.Rules) string {
	text, err := json.Marshal(r)
	if err != nil {
		return err.Error() // of no rules that were ever read from a database
	}
	return string(text)
}

// InSetup says that the app is not set up yet: it is paused, and nothing is planned for it before it starts. Whoever resumes
// it starts it.
func (a App) InSetup() bool { return a.Paused && a.Settings.Setup != SetupNone }
