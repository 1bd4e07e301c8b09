package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"proprio/audit"
	"proprio/push"
	"proprio/resources"
)

// linking is how an account becomes a person's: push.Engine's Link or Adopt.
type linking func(ctx context.Context, by audit.Actor, app push.App, f push.Found, user, reason string) error

func (p *program) appLinkCmd() *cobra.Command {
	var all, yes bool
	var reason string
	cmd := &cobra.Command{
		Use: "link NAME [ACCOUNT USERNAME]", Short: "Make an account of the app a person's: the next push brings it up to date instead of making another",
		Example: `  proprio app link "Cadence CRM" 4711 anne@atelier-bremond.fr
  proprio app link "Cadence CRM" --all-matched          # shows what would be linked
  proprio app link "Cadence CRM" --all-matched --yes`,
	}
	cmd.Flags().BoolVar(&all, "all-matched", false, "all accounts that are surely one person's and have an address of the company; shows them, and with --yes links them")
	cmd.Flags().BoolVar(&yes, "yes", false, "with --all-matched: link them")
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is on record")
	source := p.accountFlags(cmd)
	p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		if all {
			return p.linkMatched(ctx, c, app, source, yes, reason)
		}
		return p.linkOne(ctx, c, app, source, cmd.Flags().Args(), reason, c.engine.Link)
	})
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case all:
			return names("NAME")(cmd, args)
		case yes:
			return fmt.Errorf("%w: --yes goes with --all-matched", errUsage)
		}
		return names("NAME", "ACCOUNT", "USERNAME")(cmd, args)
	}
	return cmd
}

func (p *program) appAdoptCmd() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "adopt NAME ACCOUNT USERNAME", Short: "Link an account that has a private or foreign address, and write the person's company address over it",
		Example: `  proprio app adopt "Cadence CRM" julie.b@gmail.com julie@atelier-bremond.fr`,
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is on record")
	source := p.accountFlags(cmd)
	p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		return p.linkOne(ctx, c, app, source, cmd.Flags().Args(), reason, c.engine.Adopt)
	})
	cmd.Args = names("NAME", "ACCOUNT", "USERNAME")
	return cmd
}

// linkOne links the account args[1] to the person args[2].
func (p *program) linkOne(ctx context.Context, c *core, app push.App, source *accountSource, args []string, reason string, link linking) error {
	f, err := source.account(ctx, c, app, args[1])
	if err != nil {
		return err
	}
	user, err := c.db.GetByUserName(ctx, resources.Caller{Company: app.Company, Actor: p.actor()}, resources.FoldUserName(args[2]))
	if err != nil {
		return fmt.Errorf("user %q: %w", args[2], err)
	}
	if err := link(ctx, p.actor(), app, f, user.ID, reason); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s is the account of %s now; see proprio app status\n", f.Name(), user.Index.UserName)
	return err
}

func (p *program) appUnlinkCmd() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "unlink NAME USERNAME", Short: "Take back that an account was linked or adopted: it is left as it is, and waits for a decision again",
		Example: `  proprio app unlink "Cadence CRM" anne@atelier-bremond.fr --reason "it is her namesake's"`,
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is on record")
	p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		name := cmd.Flags().Arg(1)
		id := name // of somebody who was removed nothing but the id is left
		user, err := c.db.GetByUserName(ctx, resources.Caller{Company: app.Company, Actor: p.actor()}, resources.FoldUserName(name))
		switch {
		case err == nil:
			id = user.ID
		case !errors.Is(err, resources.ErrNotFound):
			return err
		}
		if err := c.engine.Unlink(ctx, p.actor(), app, id, reason); err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "%s has no account in %s any more; the one there is left as it is\n", name, app.Name)
		return err
	})
	cmd.Args = names("NAME", "USERNAME")
	return cmd
}

// linkMatched shows what would be linked, and links it when it was said so.
func (p *program) linkMatched(ctx context.Context, c *core, app push.App, source *accountSource, yes bool, reason string) error {
	d, err := source.discover(ctx, c, app)
	if err != nil {
		return err
	}
	preview := d.Preview()
	for _, f := range preview.Links {
		fmt.Fprintf(p.stdout, "link\t%s\t%s\t%s\n", f.Name(), f.People[0].UserName, f.By)
	}
	for _, h := range preview.Held {
		fmt.Fprintf(p.stdout, "hold\t%s\t%s\t%s\n", h.Name(), h.People[0].UserName, h.Because)
	}
	if !yes {
		_, err := fmt.Fprintf(p.stdout, "%d would be linked, %d are held; nothing was done: add --yes\n", len(preview.Links), len(preview.Held))
		return err
	}
	n, err := c.engine.LinkMatched(ctx, p.actor(), app, d, reason)
	fmt.Fprintf(p.stdout, "%d linked, %d held\n", n, len(preview.Held))
	return err
}

func (p *program) appLeaveCmd() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "leave NAME ACCOUNT", Short: "Note that an account is not the company's: nobody is asked again, and it is never touched",
		Example: `  proprio app leave "Cadence CRM" audit@example.com --reason "the auditor's own"`,
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why it is not the company's; it is on record")
	return required(p.onAccount(cmd, "is left as it is", func(ctx context.Context, c *core, app push.App, f push.Found) error {
		return c.engine.Leave(ctx, p.actor(), app, f, reason)
	}), "reason")
}

func (p *program) appReopenCmd() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "reopen NAME ACCOUNT", Short: "Take back that an account was left or excepted: it waits for a decision again",
		Example: `  proprio app reopen "Cadence CRM" audit@example.com`,
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why; it is on record")
	return p.onAccount(cmd, "waits for a decision again", func(ctx context.Context, c *core, app push.App, f push.Found) error {
		return c.engine.Reopen(ctx, p.actor(), app, f, reason)
	})
}

// onAccount makes a command decide about the account of an app that its second argument names, and renews the findings
// that the decision may end or open.
func (p *program) onAccount(cmd *cobra.Command, said string, decide func(ctx context.Context, c *core, app push.App, f push.Found) error) *cobra.Command {
	source := p.accountFlags(cmd)
	p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		f, err := source.account(ctx, c, app, cmd.Flags().Arg(1))
		if err == nil {
			err = decide(ctx, c, app, f)
		}
		if err == nil {
			err = c.inspector.Recompute(ctx, app.Company)
		}
		if err == nil {
			_, err = fmt.Fprintf(p.stdout, "%s %s\n", f.Name(), said)
		}
		return err
	})
	cmd.Args = names("NAME", "ACCOUNT")
	return cmd
}

func (p *program) appExceptCmd() *cobra.Command {
	var until, responsible, reason string
	cmd := &cobra.Command{
		Use: "except NAME ACCOUNT", Short: "Let an account stay as it is until a date, on somebody's word; then it is shown again",
		Example: `  proprio app except "Cadence CRM" support@editor.example --until 2027-03-31 \
      --responsible claire@atelier-bremond.fr --reason "the editor migrates us"`,
	}
	f := cmd.Flags()
	f.StringVar(&until, "until", "", "the last day, such as 2027-03-31; within a year")
	f.StringVar(&responsible, "responsible", "", "e-mail address of who answers for it")
	f.StringVar(&reason, "reason", "", "why it may stay; it is on record")
	return required(p.onAccount(cmd, "stays as it is for now", func(ctx context.Context, c *core, app push.App, f push.Found) error {
		day, err := time.ParseInLocation(time.DateOnly, until, time.Local)
		if err != nil {
			return fmt.Errorf("%w: --until %q is no date such as 2027-03-31", errUsage, until)
		}
		return c.engine.Except(ctx, p.actor(), app, f, day.AddDate(0, 0, 1).Add(-time.Second), responsible, reason)
	}), "until", "responsible", "reason")
}
