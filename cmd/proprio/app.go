package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

func (p *program) appCmd() *cobra.Command {
	return group("app", "Apps: the SaaS tools that receive accounts",
		p.appAddCmd(), p.appListCmd(), p.appStatusCmd(), p.appSettingsCmd(), p.appPreviewCmd(), p.appHeldCmd(),
		p.appProvisionCmd(), p.appTestCmd(), p.appLogCmd(), p.appRetryCmd(),
		p.appDecideCmd("allow", "Let held removals be sent", true),
		p.appDecideCmd("reject", "Leave in the app what held removals would take away", false),
		p.appAccountsCmd(), p.appLinkCmd(), p.appAdoptCmd(), p.appUnlinkCmd(), p.appLeaveCmd(), p.appExceptCmd(), p.appReopenCmd(),
		p.appCompareCmd(), p.appRepairCmd(), p.appConfirmCmd(),
		p.appVerb("sync NAME", "Send what differs from what the app last confirmed, and try again what waits", (*core).syncApp),
		p.appVerb("read NAME", "Read the app's own account list and judge each account; changes nothing there", (*core).readApp),
		p.appVerb("pause NAME", "Stop all calls to the app", (*core).pauseApp),
		p.appVerb("resume NAME", "Call the app again, also one that is left alone until some time", (*core).releaseApp))
}

func (p *program) appAddCmd() *cobra.Command {
	var tokenFile string
	var scope []string
	var app push.App
	var paused bool
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an app, or change the one of that name, and send it everybody in its scope",
		Example: `  proprio app add "Cadence CRM" --company "Atelier Brémond" --profile generic \
      --url https://crm.example.com/scim/v2 --token-file crm-token.txt`,
		Args: names("NAME"),
	}
	f := cmd.Flags()
	f.StringVar(&app.Profile, "profile", "generic", "what the product can and cannot do")
	f.StringVar(&app.URL, "url", "", "the app's SCIM base address; of an app without an interface, that of its pages, if you like")
	f.StringVar(&tokenFile, "token-file", "", "file with the app's credential (a bearer token, or JSON as the product's page in docs/apps says), - for standard input")
	f.StringArrayVar(&scope, "scope-group", nil, "only members of this group (by displayName); may be repeated; none: everybody")
	f.StringVar(&app.Responsible, "responsible", "", "e-mail address of the person who answers for the app, to whom its findings go")
	f.BoolVar(&app.LinkExisting, "link-existing", false, "adopt accounts that the app already holds under the same userName")
	f.BoolVar(&app.AllowPrivate, "allow-private", false, "let the app be on this machine or in a private network")
	f.BoolVar(&paused, "paused", false, "send a new app nothing before proprio app resume starts it; proprio app compare says what that would do")
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		if paused {
			app.Paused, app.Settings.Setup = true, push.SetupTrial
		}
		if _, ok := ownership.AddressDomain(app.Responsible); !ok && app.Responsible != "" {
			return fmt.Errorf("%w: --responsible %q is not an e-mail address", errUsage, app.Responsible)
		}
		credential, err := p.appCredential(c, app, tokenFile)
		if err != nil {
			return err
		}
		app.Name = args[0]
		if app.ScopeGroups, err = c.groupsByName(ctx, caller, scope); err != nil {
			return err
		}
		stored, err := c.addApp(ctx, caller, app, credential)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "app %s %s\n", stored.ID, stored.Name)
		return nil
	})
}

// appCredential reads the credential of a new app, and refuses one that cannot be called. An app without an interface has
// none; its address is that of its pages, for those who do what tasks ask.
func (p *program) appCredential(c *core, app push.App, tokenFile string) (string, error) {
	profile, ok := c.engine.Profiles.Get(app.Profile)
	switch {
	case ok && profile.ByHand() && tokenFile != "":
		return "", fmt.Errorf("%w: %s has no interface: leave out --token-file", errUsage, profile.Title)
	case ok && profile.ByHand() && app.URL != "" && !strings.HasPrefix(app.URL, "https://") && !strings.HasPrefix(app.URL, "http://"):
		return "", fmt.Errorf("%w: --url %q is no address of pages: want https://…", errUsage, app.URL)
	case ok && profile.ByHand():
		return "", nil
	case app.URL == "":
		return "", fmt.Errorf("%w: proprio app add needs --url (see proprio app add --help)", errUsage)
	case tokenFile == "":
		return "", fmt.Errorf("%w: proprio app add needs --token-file (see proprio app add --help)", errUsage)
	}
	return p.readSecret(tokenFile)
}

// onApp makes a command act on the app that its argument names.
func (p *program) onApp(cmd *cobra.Command, do func(ctx context.Context, c *core, app push.App) error) *cobra.Command {
	return p.onAppAnd(cmd, func(ctx context.Context, c *core, app push.App, _ []string) error { return do(ctx, c, app) })
}

// onAppAnd is onApp for a command with further arguments.
func (p *program) onAppAnd(cmd *cobra.Command, do func(ctx context.Context, c *core, app push.App, more []string) error, more ...string) *cobra.Command {
	var company string
	cmd.Args = names(append([]string{"NAME"}, more...)...)
	cmd.Flags().StringVar(&company, "company", "", "the company's name; needed only when several companies have an app of that name")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return p.withCore(cmd.Context(), func(c *core) error {
			app, err := c.findApp(cmd.Context(), company, args[0])
			if err != nil {
				return err
			}
			if err := do(cmd.Context(), c, app, args[1:]); err != nil {
				return fmt.Errorf("app %s: %w", app.Name, err)
			}
			return nil
		})
	}
	return cmd
}

func (p *program) appVerb(use, short string, act appAction) *cobra.Command {
	verb, _, _ := strings.Cut(use, " ")
	cmd := &cobra.Command{Use: use, Short: short, Example: "  proprio app " + verb + ` "Cadence CRM"`}
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		said, err := act(c, ctx, resources.Caller{Company: app.Company, Actor: p.actor()}, app)
		if err == nil {
			fmt.Fprintln(p.stdout, said)
		}
		return err
	})
}

func (p *program) appListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List a company's apps", Args: names(),
		Example: `  proprio app list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		apps, err := c.db.Apps(ctx, caller.Company)
		if err != nil {
			return err
		}
		return printList(p, *asJSON, apps, appOut, func(a push.App) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\n", a.ID, a.Name, a.Profile, a.URL)
		})
	})
}

func (p *program) appStatusCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "status NAME", Short: "Show an app's accounts by state",
		Example: `  proprio app status "Cadence CRM" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		status, err := push.StatusOf(ctx, c.db, app, c.now())
		if err != nil {
			return err
		}
		if *asJSON {
			return p.printJSON(status)
		}
		return p.printStatus(status)
	})
}

func (p *program) printStatus(s push.Status) error {
	fmt.Fprintf(p.stdout, "%s (%s)\n", s.Name, s.Profile)
	switch {
	case s.Paused:
		fmt.Fprintln(p.stdout, "  paused")
	case s.BlockedUntil != nil:
		fmt.Fprintf(p.stdout, "  blocked until %s: %s\n", s.BlockedUntil.Format(time.RFC3339), s.BlockedReason)
	}
	for _, state := range slices.Sorted(maps.Keys(s.States)) {
		fmt.Fprintf(p.stdout, "  %-10s %d\n", state, s.States[state])
	}
	for _, class := range slices.Sorted(maps.Keys(s.Failures)) {
		fmt.Fprintf(p.stdout, "  failed, %s: %d\n", class, s.Failures[class])
	}
	for _, a := range s.Alarms {
		fmt.Fprintf(p.stdout, "  %s\n", a)
	}
	_, err := fmt.Fprintf(p.stdout, "  due %d, in sync: %t\n", s.Due, s.InSync)
	return err
}
