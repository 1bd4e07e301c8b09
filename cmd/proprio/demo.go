package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"proprio/audit"
	"proprio/cmd/proprio/demo"
	"proprio/oidc"
	"proprio/oidc/standin"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
	"proprio/scim"
)

// demoBanner stands on every page of the demo.
const demoBanner = "Démonstration – Demo: Atelier Brémond, données inventées, jetées à l’arrêt – made-up data, thrown away"

func (p *program) demoCmd() *cobra.Command {
	var check bool
	var listen string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole product with made-up data, on this machine only",
		Long: "Start a server with throw-away data, an identity provider and a downstream app, all on loopback, and tell the\n" +
			"story Proprio exists for. With --check the story is played alone, once, and every step must be seen.",
		Example: "  proprio demo\n  proprio demo --check",
		Args:    names(),
	}
	cmd.Flags().BoolVar(&check, "check", false, "play the story once, print what was seen, and fail on any miss")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "loopback address to serve; port 0 picks a free one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, err := os.MkdirTemp("", "proprio-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		p.cfg = Config{Data: dir, Listen: listen, PrivateApps: privateApps{"127.0.0.1", "localhost", "[::1]"}, LogFormat: "text", LogLevel: "warn"}
		if p.log, err = newLogger(p.cfg, p.lines); err != nil {
			return err
		}
		return p.demo(cmd.Context(), check)
	}
	return cmd
}

// errTold ends the demo's server when `demo --check` is over.
var errTold = errors.New("the story is told")

func (p *program) demo(ctx context.Context, check bool) error {
	if host, _, err := net.SplitHostPort(p.cfg.Listen); err != nil || !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("%w: --listen %q: the demo listens on loopback only, such as 127.0.0.1:8080", errUsage, p.cfg.Listen)
	}
	stage, err := newStage(ctx)
	if err != nil {
		return err
	}
	defer stage.close()
	err = p.serve(ctx, demoBanner, func(i *instance) error {
		story, err := stage.set(ctx, i)
		if err != nil {
			return fmt.Errorf("set the stage: %w", err)
		}
		story.Say = func(format string, args ...any) { fmt.Fprintf(p.stdout, format+"\n", args...) }
		p.introduce(i, stage)
		misses := story.Tell(ctx)
		if !check {
			if err := stage.addByHand(ctx, i); err != nil {
				return err
			}
			p.invite(i, stage)
			return nil
		}
		return errors.Join(misses, errTold)
	})
	if errors.Is(err, errTold) {
		return p.conclude(err)
	}
	return err
}

// conclude turns the end of a checked story into the exit status.
func (p *program) conclude(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 1 {
		return errors.New("the demo's check missed something; see above")
	}
	fmt.Fprintln(p.stdout, "\nEverything was seen.")
	return nil
}

// stage is what surrounds Proprio in the demo: a downstream app and an identity provider.
type stage struct {
	app      *demo.App
	appURL   string
	appToken string
	idp      *standin.Provider
	idpURL   string
	servers  []*http.Server
}

func newStage(ctx context.Context) (*stage, error) {
	s := &stage{appToken: rand.Text()}
	var err error
	if s.app, err = demo.NewApp(s.appToken); err != nil {
		return nil, err
	}
	s.app.SeedLostAccount()
	appURL, err := s.start(ctx, func(string) (http.Handler, error) { return s.app, nil })
	if err != nil {
		return nil, err
	}
	s.appURL = appURL + "/scim/v2"
	s.idpURL, err = s.start(ctx, func(url string) (http.Handler, error) {
		s.idp, err = demo.NewSignInProvider(url)
		return s.idp, err
	})
	return s, err
}

// start serves a handler on a free loopback port. The handler may need to know its address.
func (s *stage) start(ctx context.Context, handler func(url string) (http.Handler, error)) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	url := "http://" + l.Addr().String()
	h, err := handler(url)
	if err != nil {
		return "", errors.Join(err, l.Close())
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: drainTime}
	s.servers = append(s.servers, server)
	go server.Serve(l)
	return url, nil
}

func (s *stage) close() {
	for _, server := range s.servers {
		server.Close()
	}
}

// set makes the company, its two connections, its app, its admin and its issuer, as an administrator would with commands.
func (s *stage) set(ctx context.Context, i *instance) (*demo.Story, error) {
	by := audit.Actor{Kind: audit.ActorCommand, Name: "demo"}
	company, _, err := i.createCompany(ctx, by, demo.CompanyName, []string{demo.CompanyDomain}, true, ownership.OutsideReject)
	if err != nil {
		return nil, err
	}
	caller := resources.Caller{Company: company.ID, Actor: by}
	entra, err := i.createToken(ctx, caller, "Entra ID", "entra", 0, scim.Scope)
	if err != nil {
		return nil, err
	}
	okta, err := i.createToken(ctx, caller, "Okta", "okta", 0, scim.Scope)
	if err != nil {
		return nil, err
	}
	app := push.App{Name: demo.AppName, Profile: "generic", URL: s.appURL, Responsible: demo.Admins()[0], AllowPrivate: true}
	if _, err := i.addApp(ctx, caller, app, s.appToken); err != nil {
		return nil, err
	}
	for _, address := range demo.Admins() {
		if _, err := i.addAdmin(ctx, caller, address, oidc.RoleAdmin); err != nil {
			return nil, err
		}
	}
	client := standin.Client{ID: "proprio", Secret: rand.Text()}
	issuer, err := i.addIssuer(ctx, caller, oidc.Issuer{
		Name: "Entra ID", URL: s.idpURL, ClientID: client.ID, Secret: client.Secret, Private: true,
	})
	if err != nil {
		return nil, err
	}
	client.RedirectURIs = []string{i.url + oidc.CallbackPath(issuer.ID)}
	s.idp.Register(client)
	story := &demo.Story{Public: i.url, AppURL: s.appURL, AppToken: s.appToken}
	story.Entra, story.Okta = demo.NewProviders(i.url+scim.BasePath, entra, okta)
	return story, nil
}

// addByHand adds an app without an interface: what its people need there becomes tasks.
func (s *stage) addByHand(ctx context.Context, i *instance) error {
	company, err := i.companyByName(ctx, demo.CompanyName)
	if err != nil {
		return err
	}
	caller := resources.Caller{Company: company.ID, Actor: audit.Actor{Kind: audit.ActorCommand, Name: "demo"}}
	groups, err := i.groupsByName(ctx, caller, []string{demo.HandAppGroup})
	if err != nil {
		return err
	}
	_, err = i.addApp(ctx, caller, push.App{Name: demo.HandAppName, Profile: "jefacture", Responsible: demo.Admins()[0], ScopeGroups: groups}, "")
	i.engine.Wake()
	return err
}

func (p *program) introduce(i *instance, s *stage) {
	fmt.Fprintf(p.stdout, `
%s is a made-up French firm of about forty people. Its identity provider speaks SCIM and OpenID Connect;
its CRM, %s, is somebody else's software. Everything is on this machine and is thrown away at the end.

  Proprio            %s
  SCIM               %s/scim/v2
  identity provider  %s
  %-18s %s
`, demo.CompanyName, demo.AppName, i.url, i.url, s.idpURL, demo.AppName, s.appURL)
}

func (p *program) invite(i *instance, s *stage) {
	fmt.Fprintf(p.stdout, `
Now look for yourself. Sign in as %s (choose the name on the provider's page):

  %s/          what needs a decision first: the lost account, in red
  %s/people    who is there, and what each one holds
  %s/apps      %s: accounts by state and by verdict, and each exchange
  %s/findings  what to do about it, step by step
  %s/tasks     what to do by hand in %s, which has no interface

Ctrl-C ends the demo and throws its data away.
`, demo.Admins()[0], i.url, i.url, i.url, demo.AppName, i.url, i.url, demo.HandAppName)
}
