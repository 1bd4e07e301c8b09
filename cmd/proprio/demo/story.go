package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// patience is how long a step may take to show. It is a bound for a machine that is busy, not a promise; each step says
// how long it really took.
const patience = 30 * time.Second

// leaveTime is how long a leaver may keep access to an app that answers.
const leaveTime = time.Second

// Story tells what Proprio exists for, against a running server, as outsiders see it: an identity provider, a downstream
// app, and an admin with a browser.
type Story struct {
	Public   string // Proprio's public URL
	AppURL   string // the downstream app's SCIM base
	AppToken string
	Entra    *Provider // the two connections of the firm's identity provider
	Okta     *Provider
	Say      func(format string, args ...any)

	app     *directory
	visitor *visitor
}

// step is one part of the story: what happens, and what must be seen then.
type step struct {
	title string
	run   func(ctx context.Context) (seen string, err error)
}

// Tell plays every step, says what was seen, and returns the misses of all steps.
func (s *Story) Tell(ctx context.Context) error {
	s.app = &directory{base: s.AppURL, token: s.AppToken}
	s.visitor = newVisitor()
	var misses []error
	for n, step := range s.steps() {
		s.Say("\n%d. %s", n+1, step.title)
		started := time.Now()
		seen, err := step.run(ctx)
		if err != nil {
			s.Say("   MISSED: %v", err)
			misses = append(misses, fmt.Errorf("step %d, %s: %w", n+1, step.title, err))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		s.Say("   seen after %s: %s", time.Since(started).Round(time.Millisecond), seen)
	}
	return errors.Join(misses...)
}

func (s *Story) steps() []step {
	return []step{
		{"The identity provider sends the firm's people and groups over SCIM, in Entra's and in Okta's dialect.", s.onboard},
		{"Proprio passes them on to " + AppName + ".", s.arrive},
		{"Karim, who runs IT, signs in with OpenID Connect.", s.signIn},
		{"He looks up who holds what.", s.whoHoldsWhat},
		{AppName + " holds an account that nobody provisioned. Proprio reads the app's own list and says whose it is.", s.findLostAccount},
		{"Her like cannot come in again: the identity provider sends somebody with a personal address.", s.refuseOutsider},
		{"Thomas leaves: the identity provider deactivates him.", s.leave},
		{"Inès joins the group Commercial, and Thomas goes from it.", s.changeGroup},
	}
}

// onboard sends everybody and their groups.
func (s *Story) onboard(ctx context.Context) (string, error) {
	groups := map[string][]Person{}
	var order []string
	for _, p := range People() {
		if err := s.provider(p).Onboard(ctx, p); err != nil {
			return "", err
		}
		if groups[p.Department] == nil {
			order = append(order, p.Department)
		}
		groups[p.Department] = append(groups[p.Department], p)
	}
	for _, name := range order {
		if err := s.Entra.OnboardGroup(ctx, name, groups[name]); err != nil {
			return "", err
		}
	}
	users, err := s.Entra.directory().count(ctx, "/Users")
	if err != nil {
		return "", err
	}
	if want := len(People()); users != want {
		return "", fmt.Errorf("the server lists %d users, %d were sent", users, want)
	}
	return fmt.Sprintf("%d users and %d groups", users, len(order)), nil
}

func (s *Story) provider(p Person) *Provider {
	if p.Okta {
		return s.Okta
	}
	return s.Entra
}

// arrive waits until the app holds everybody, active, and the groups with their members.
func (s *Story) arrive(ctx context.Context) (string, error) {
	return await(ctx, func() (string, error) {
		accounts, err := s.app.byName(ctx, "/Users", "userName")
		if err != nil {
			return "", err
		}
		missing := 0
		for _, p := range People() {
			if a := accounts[p.Address()]; a == nil || a["active"] != true {
				missing++
			}
		}
		if missing > 0 {
			return "", fmt.Errorf("%d of %d people are not in %s", missing, len(People()), AppName)
		}
		members, err := s.app.members(ctx, leaver.Department)
		if err != nil {
			return "", err
		}
		if !members[leaver.Address()] {
			return "", fmt.Errorf("%s is not in the group %s", leaver.Name(), leaver.Department)
		}
		return fmt.Sprintf("%d active accounts; the group %s has %d members", len(People()), leaver.Department, len(members)), nil
	})
}

// signIn goes through the sign-in pages as a person would.
func (s *Story) signIn(ctx context.Context) (string, error) {
	if err := s.visitor.open(ctx, s.Public+"/"); err != nil {
		return "", err
	}
	if err := s.visitor.submit(ctx, "Entra ID", ""); err != nil {
		return "", err
	}
	if err := s.visitor.submit(ctx, itAdmin.Name(), itAdmin.Name()); err != nil {
		return "", err
	}
	if err := s.visitor.sees(CompanyName, itAdmin.Address()); err != nil {
		return "", err
	}
	return "the console's home page, as " + itAdmin.Address(), nil
}

// whoHoldsWhat opens the page of one person.
func (s *Story) whoHoldsWhat(ctx context.Context) (string, error) {
	if err := s.visitor.open(ctx, s.Public+"/people?q="+url.QueryEscape(leaver.Family)); err != nil {
		return "", err
	}
	page, err := s.visitor.link(leaver.Name())
	if err != nil {
		return "", err
	}
	if err := s.visitor.open(ctx, page); err != nil {
		return "", err
	}
	if err := s.visitor.sees(leaver.Address(), leaver.Department, AppName, "Confirmé"); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: group %s, an account in %s, confirmed there", leaver.Name(), leaver.Department, AppName), nil
}

// findLostAccount has the app's accounts read and looks at the finding.
func (s *Story) findLostAccount(ctx context.Context) (string, error) {
	lost := lostAccount["userName"].(string)
	if err := s.visitor.open(ctx, s.Public+"/apps"); err != nil {
		return "", err
	}
	page, err := s.visitor.link(AppName)
	if err != nil {
		return "", err
	}
	if err := s.visitor.open(ctx, page); err != nil {
		return "", err
	}
	if err := s.visitor.submit(ctx, "/read", ""); err != nil {
		return "", err
	}
	return await(ctx, func() (string, error) {
		if err := s.visitor.open(ctx, s.Public+"/"); err != nil {
			return "", err
		}
		if err := s.visitor.sees("Critique", lost, AppName, "Hors de contrôle", "seul administrateur", "messagerie personnelle",
			"Aucune personne", "Nommer administrateur une personne de la société", "Fermer l’ancien compte"); err != nil {
			return "", err
		}
		return "in red on the home page, with six steps to cure it: " + lost + " is the only administrator of " + AppName, nil
	})
}

// refuseOutsider sends a User with the address of the lost account.
func (s *Story) refuseOutsider(ctx context.Context) (string, error) {
	like := Person{Given: "Sandrine", Family: "Morel", Title: "Assistante de direction", Department: "Direction"}
	answer, err := s.Entra.TryOutsider(ctx, like, lostAccount["userName"].(string))
	if err != nil {
		return "", err
	}
	if answer.status != http.StatusBadRequest || answer.body["scimType"] != "invalidValue" {
		return "", fmt.Errorf("answered %d %v, want 400 invalidValue", answer.status, answer.body)
	}
	return fmt.Sprintf("400: %v", answer.body["detail"]), nil
}

// leave deactivates somebody and waits for the app.
func (s *Story) leave(ctx context.Context) (string, error) {
	if err := s.Entra.Disable(ctx, leaver); err != nil {
		return "", err
	}
	disabled := time.Now()
	return await(ctx, func() (string, error) {
		accounts, err := s.app.byName(ctx, "/Users", "userName")
		if err != nil {
			return "", err
		}
		if a := accounts[leaver.Address()]; a == nil || a["active"] != false {
			return "", fmt.Errorf("%s is still active in %s", leaver.Name(), AppName)
		}
		took := time.Since(disabled).Round(time.Millisecond)
		if took > leaveTime {
			return "", fmt.Errorf("%s was deactivated in %s only after %s", leaver.Name(), AppName, took)
		}
		return fmt.Sprintf("%s is deactivated in %s, %s later", leaver.Name(), AppName, took), nil
	})
}

// changeGroup brings somebody new into a group and takes the leaver out.
func (s *Story) changeGroup(ctx context.Context) (string, error) {
	if err := s.Entra.Onboard(ctx, newcomer); err != nil {
		return "", err
	}
	if err := s.Entra.AddMember(ctx, newcomer.Department, newcomer); err != nil {
		return "", err
	}
	if err := s.Entra.RemoveMember(ctx, leaver.Department, leaver); err != nil {
		return "", err
	}
	return await(ctx, func() (string, error) {
		members, err := s.app.members(ctx, newcomer.Department)
		if err != nil {
			return "", err
		}
		if !members[newcomer.Address()] || members[leaver.Address()] {
			return "", fmt.Errorf("the group %s of %s has not changed yet: %v", newcomer.Department, AppName, members)
		}
		return fmt.Sprintf("the group %s of %s has %s, and no longer %s", newcomer.Department, AppName, newcomer.Name(), leaver.Name()), nil
	})
}

// await looks again and again until a thing is seen.
func await(ctx context.Context, look func() (string, error)) (string, error) {
	deadline := time.Now().Add(patience)
	for {
		seen, err := look()
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return seen, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(25 * time.Millisecond):
		}
	}
}
