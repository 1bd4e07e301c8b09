package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"proprio/oidc/standin"
	"proprio/scim/replay"
	"proprio/testdata"
)

// Provider is the SCIM side of the firm's identity provider: one connection, one dialect. It sends the sequences that
// were recorded for tests, with the firm's people in them.
type Provider struct {
	dialect string // "entra" or "okta": the sequences' prefix
	player  *replay.Player
	users   map[string]string // userName → id; shared by the connections, as in a directory that knows both
	groups  map[string]string // displayName → id
}

// NewProviders makes the firm's two connections to a SCIM server.
func NewProviders(base, entraToken, oktaToken string) (entra, okta *Provider) {
	users, groups := map[string]string{}, map[string]string{}
	make := func(dialect, token string) *Provider {
		client := &http.Client{Timeout: 30 * time.Second}
		return &Provider{
			dialect: dialect, users: users, groups: groups,
			player: &replay.Player{BaseURL: base, Token: token, Client: client},
		}
	}
	return make("entra", entraToken), make("okta", oktaToken)
}

// Onboard looks a person up and creates the User.
func (p *Provider) Onboard(ctx context.Context, who Person) error {
	vars, err := p.play(ctx, p.dialect+"-onboard-user", who.vars())
	if err == nil {
		p.users[who.Address()] = vars["userId"]
	}
	return err
}

// OnboardGroup looks a group up, creates it and adds its members one by one, as Entra does.
func (p *Provider) OnboardGroup(ctx context.Context, name string, members []Person) error {
	vars, err := p.play(ctx, "entra-onboard-group-with-members", map[string]string{
		"groupName": name, "externalId": "ab-group-" + plain(name), "memberId": p.users[members[0].Address()],
	})
	if err != nil {
		return err
	}
	p.groups[name] = vars["groupId"]
	for _, m := range members[1:] {
		if err := p.AddMember(ctx, name, m); err != nil {
			return err
		}
	}
	return nil
}

// AddMember puts a person into a group.
func (p *Provider) AddMember(ctx context.Context, group string, who Person) error {
	return p.member(ctx, "-add-member", group, who)
}

// RemoveMember takes a person out of a group.
func (p *Provider) RemoveMember(ctx context.Context, group string, who Person) error {
	return p.member(ctx, "-remove-member", group, who)
}

func (p *Provider) member(ctx context.Context, act, group string, who Person) error {
	_, err := p.play(ctx, p.dialect+act, map[string]string{
		"groupId": p.groups[group], "memberId": p.users[who.Address()], "userName": who.Address(),
	})
	return err
}

// Disable deactivates a person, as Entra does.
func (p *Provider) Disable(ctx context.Context, who Person) error {
	_, err := p.play(ctx, "entra-disable-user", map[string]string{"userId": p.users[who.Address()]})
	return err
}

// TryOutsider sends a User with somebody else's address, and returns what the server answered.
func (p *Provider) TryOutsider(ctx context.Context, who Person, address string) (answer, error) {
	body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%[1]q,"active":true,`+
		`"displayName":%[2]q,"title":%[3]q,"emails":[{"value":%[1]q,"type":"work","primary":true}]}`, address, who.Name(), who.Title)
	return p.directory().send(ctx, http.MethodPost, "/Users", []byte(body))
}

func (p *Provider) play(ctx context.Context, name string, vars map[string]string) (map[string]string, error) {
	sequence, err := testdata.Sequence(name)
	if err != nil {
		return nil, err
	}
	return p.player.Play(ctx, sequence, vars)
}

func (p *Provider) directory() *directory {
	return &directory{base: p.player.BaseURL, token: p.player.Token}
}

// NewSignInProvider makes the OpenID side of the firm's identity provider, at a URL.
func NewSignInProvider(url string) (*standin.Provider, error) {
	var people []standin.Person
	for _, p := range []Person{itAdmin, director, leaver} {
		people = append(people, standin.Person{Subject: p.ExternalID(), Name: p.Name(), Email: p.Address()})
	}
	return standin.New(url, people, time.Now)
}

// Admins are the addresses that may sign in, the one who plays the story first.
func Admins() []string { return []string{itAdmin.Address(), director.Address()} }
