package rest_test

import (
	"context"
	"sync"
	"testing"

	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/rest"
	"proprio/push/rest/standin"
	"proprio/scim/client"
)

// vault is where one app's credential is stored.
type vault struct {
	mu   sync.Mutex
	text string
}

func (v *vault) Read(context.Context) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.text, nil
}

func (v *vault) Keep(_ context.Context, from, to string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.text == from {
		v.text = to
	}
	return nil
}

// refreshToken is the one that is stored.
func (v *vault) refreshToken(t *testing.T) string {
	t.Helper()
	text, _ := v.Read(t.Context())
	var key struct {
		RefreshToken string `json:"refresh_token"`
	}
	unmarshal(t, text, &key)
	return key.RefreshToken
}

// process opens apps as one process does; they share access tokens.
type process map[string]push.Connect

func (p process) open(t *testing.T, s *standin.Server, v *vault) push.Remote {
	t.Helper()
	text, _ := v.Read(t.Context())
	opened, err := p["hubstaff"](profiles.Profile{}, client.Config{BaseURL: s.URL, Token: text, AllowPlain: true, Transport: client.Transport(false)})
	if err != nil {
		t.Fatal(err)
	}
	return opened.(push.Renewing).Renewing(v)
}

func read(ctx context.Context, app push.Remote) error {
	return app.Each(ctx, "/Users", client.ListOptions{}, func(client.Document) error { return nil })
}

func wantRead(t *testing.T, app push.Remote) {
	t.Helper()
	if err := read(t.Context(), app); err != nil {
		t.Errorf("the app is not read: %v", err)
	}
}

// A refresh token is good for one use. Whoever gives up while it is used does not lose the one that comes in its place.
func TestACallerThatGivesUpLosesNoToken(t *testing.T) {
	t.Parallel()
	s := standin.Hubstaff(t)
	v := &vault{text: s.Credential}
	ctx, giveUp := context.WithCancel(t.Context())
	s.OnToken(giveUp)
	if err := read(ctx, process(rest.Connectors()).open(t, s, v)); err == nil {
		t.Error("a caller that gave up goes on")
	}
	if got := v.refreshToken(t); got != "hubstaff-refresh+" {
		t.Errorf("%q is stored, want the refresh token that came", got)
	}
	wantRead(t, process(rest.Connectors()).open(t, s, v))
}

// The same refresh token may have been given to two apps: both get the one that comes in its place.
func TestTwoAppsOfOneRefreshToken(t *testing.T) {
	t.Parallel()
	s := standin.Hubstaff(t)
	one, other := &vault{text: s.Credential}, &vault{text: s.Credential}
	us := process(rest.Connectors())
	first, second := us.open(t, s, one), us.open(t, s, other)
	for _, want := range []string{"hubstaff-refresh+", "hubstaff-refresh++"} {
		wantRead(t, first)
		wantRead(t, second)
		if a, b := one.refreshToken(t), other.refreshToken(t); a != want || b != want {
			t.Errorf("stored are %q and %q, want %q twice", a, b, want)
		}
		s.Expire()
	}
	wantRead(t, us.open(t, s, other))
}

// Another process may have used the refresh token meanwhile: the one that it stored is taken before the app is given up.
func TestARefreshTokenThatAnotherProcessUsed(t *testing.T) {
	t.Parallel()
	s := standin.Hubstaff(t)
	v := &vault{text: s.Credential}
	ours, theirs := process(rest.Connectors()).open(t, s, v), process(rest.Connectors()).open(t, s, v)
	for range 2 {
		wantRead(t, ours)
		wantRead(t, theirs)
	}
	if got := v.refreshToken(t); got != "hubstaff-refresh++++" {
		t.Errorf("%q is stored after four uses", got)
	}
}
