package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"proprio/ownership"
	"proprio/ownership/export"
	"proprio/push"
)

// accountSource is where a command sees an app's accounts: in the app, or in a file that was exported there.
type accountSource struct {
	*program
	file     string
	columns  map[string]string
	inactive []string
}

func (p *program) accountFlags(cmd *cobra.Command) *accountSource {
	s := &accountSource{program: p}
	f := cmd.Flags()
	f.StringVar(&s.file, "csv", "", "read the accounts from this export of the app, - for standard input, and not from the app itself")
	f.StringToStringVar(&s.columns, "column", nil, "in the export: the column of an attribute, such as email=Courriel; may be repeated")
	f.StringArrayVar(&s.inactive, "inactive", nil, "in the export: a word that says that an account is not active; may be repeated")
	return s
}

// discover says how all accounts of an app stand to the directory.
func (s *accountSource) discover(ctx context.Context, c *core, app push.App) (push.Discovery, error) {
	list, err := s.list(ctx, c, app)
	if err != nil {
		return push.Discovery{}, err
	}
	return c.engine.Discover(ctx, app, list)
}

// account finds one of an app's accounts, by id, user name or address.
func (s *accountSource) account(ctx context.Context, c *core, app push.App, name string) (push.Found, error) {
	d, err := s.discover(ctx, c, app)
	if err != nil {
		return push.Found{}, err
	}
	return d.Account(name)
}

func (s *accountSource) list(ctx context.Context, c *core, app push.App) (push.Listing, error) {
	if s.file == "" {
		if len(s.columns)+len(s.inactive) > 0 {
			return push.Listing{}, fmt.Errorf("%w: --column and --inactive are about an export: give the file with --csv", errUsage)
		}
		return c.engine.List(ctx, app)
	}
	profile, err := c.engine.Profile(app)
	if err != nil {
		return push.Listing{}, err
	}
	in := s.stdin
	if s.file != "-" {
		file, err := os.Open(s.file)
		if err != nil {
			return push.Listing{}, err
		}
		defer file.Close()
		in = file
	}
	return s.export(in, ownership.Roles(profile.Roles))
}

func (s *accountSource) export(in io.Reader, roles ownership.Roles) (push.Listing, error) {
	list, err := export.Read(in, export.Options{Columns: s.columns, Inactive: s.inactive, Roles: roles,
		Note: func(note string) { fmt.Fprintln(s.stderr, note) }})
	if err != nil {
		return push.Listing{}, fmt.Errorf("%s: %w", cmp.Or(strings.TrimPrefix(s.file, "-"), "standard input"), err)
	}
	return push.Listing{Export: true, ByAddress: list.ByAddress, Accounts: list.Accounts}, nil
}

func (p *program) appAccountsCmd() *cobra.Command {
	var open bool
	cmd := &cobra.Command{
		Use: "accounts NAME", Short: "Show all accounts of an app, and whose they may be; changes nothing",
		Example: `  proprio app accounts "Cadence CRM" --open
  proprio app accounts "eKo CRM" --csv utilisateurs.csv --json`,
	}
	asJSON := jsonFlag(cmd)
	cmd.Flags().BoolVar(&open, "open", false, "only those that wait for a decision")
	source := p.accountFlags(cmd)
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		d, err := source.discover(ctx, c, app)
		if err != nil {
			return err
		}
		if open {
			kept := d.Accounts[:0]
			for _, f := range d.Accounts {
				if f.Open {
					kept = append(kept, f)
				}
			}
			d.Accounts = kept
		}
		if *asJSON {
			return p.printJSON(d)
		}
		return p.printDiscovery(d)
	})
}

// printDiscovery prints one line each, then the counts.
func (p *program) printDiscovery(d push.Discovery) error {
	for _, w := range d.Warnings {
		fmt.Fprintln(p.stderr, w)
	}
	for _, f := range d.Accounts {
		why := f.Why
		if f.Decision != nil {
			why += "; " + decided(*f.Decision)
		}
		fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Relation, f.Verdict, cmp.Or(f.RemoteID, "-"), f.Name(), state(f), why)
	}
	_, err := fmt.Fprintf(p.stdout, "linked %d, matched %d, ambiguous %d, unmatched %d; left %d, exceptions %d, exceptions that have ended %d\n"+
		"%d wait for a decision: link, adopt, leave or except\n",
		d.Relations[push.Linked], d.Relations[push.Fitting], d.Relations[push.Ambiguous], d.Relations[push.Nobodys], d.Left, d.Excepted, d.Due, d.Open)
	return err
}

func state(f push.Found) string {
	words := "active"
	if !f.Active {
		words = "inactive"
	}
	if f.Administrator {
		words += ", administrator"
	}
	return words
}

// decided is a decision in words.
func decided(d push.Decision) string {
	words := map[push.Verb]string{push.VerbLink: "linked", push.VerbAdopt: "adopted", push.VerbLeave: "left", push.VerbUnlink: "unlinked from " + d.UserName}[d.Verb]
	if d.Verb == push.VerbExcept {
		words = fmt.Sprintf("may stay until %s (%s)", d.Until.Format(time.DateOnly), d.Responsible)
	}
	words += " by " + d.By + " on " + d.At.Format(time.DateOnly)
	if d.Reason != "" {
		words += ": " + d.Reason
	}
	return words
}
