package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"proprio/resources"
)

// presetNames lists the presets for the help of a flag.
func presetNames() string {
	var names []string
	for _, p := range resources.AllPresets() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

func (p *program) connectionShowCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Args: names("NAME"),
		Short:   "Show a connection: its switches, which client its requests show, and what it sends that is not known",
		Example: `  proprio connection show "Entra ID" --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		found, tokens, err := c.connection(ctx, caller.Company, args[0])
		if err != nil {
			return err
		}
		unknown, err := c.db.Unknowns(ctx, caller.Company, found.ID)
		if err != nil {
			return err
		}
		if *asJSON {
			return p.printJSON(connectionDetailOut(found, tokens, unknown))
		}
		p.printConnection(found, unknown)
		return nil
	})
}

// printConnection writes a connection for people.
func (p *program) printConnection(c resources.Connection, unknown []resources.Unknown) {
	fmt.Fprintf(p.stdout, "%s\t%s\tpreset %s\tdisabled=%t\n", c.ID, c.Name, c.PresetName(), c.Disabled)
	switch {
	case c.Client == "":
		fmt.Fprintln(p.stdout, "client\tnot recognised yet")
	case c.OtherClient():
		fmt.Fprintf(p.stdout, "client\t%s, by %s; the preset is %s, another one\n", c.Client, c.ClientBy, c.PresetName())
	default:
		fmt.Fprintf(p.stdout, "client\t%s, by %s\n", c.Client, c.ClientBy)
	}
	if !c.LossesHeld.IsZero() {
		fmt.Fprintf(p.stdout, "held\tsince %s it may deactivate and delete nothing more: proprio connection resume\n",
			c.LossesHeld.Format("2006-01-02 15:04"))
	}
	for _, s := range resources.AllSwitches() {
		fmt.Fprintf(p.stdout, "switch\t%s=%s\n", s.Name, s.Value(c.Switches))
	}
	for _, u := range unknown {
		fmt.Fprintf(p.stdout, "unknown\t%s\t%d requests\tlast %s\n", u.Path, u.Requests, u.LastSeen.Format("2006-01-02 15:04"))
	}
}

func (p *program) connectionSetCmd() *cobra.Command {
	var preset, me string
	var switches []string
	cmd := &cobra.Command{
		Use: "set NAME", Args: names("NAME"),
		Short: "Set a connection's preset and switches",
		Long: "Set a connection's preset and switches. A preset sets every switch: those it names as it says, all others to their\n" +
			"default. Switches named beside it are set after it. What they do is in docs/connections.md.",
		Example: `  proprio connection set "Entra ID" --company "Atelier Brémond" --switch reviveInactive=on --switch massLossCount=200
  proprio connection set "HR" --company "Atelier Brémond" --preset okta --me hr-sync@atelier-bremond.fr`,
	}
	cmd.Flags().StringVar(&preset, "preset", "", "the identity provider: "+presetNames())
	cmd.Flags().StringArrayVar(&switches, "switch", nil, "name=value, as often as wanted; the value is on, off or a number")
	cmd.Flags().StringVar(&me, "me", "", "the userName of the User that is /Me to the connection; - for none")
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		if preset == "" && me == "" && len(switches) == 0 {
			return fmt.Errorf("%w: name what to set: --preset, --me, or --switch name=value", errUsage)
		}
		if err := setConnection(&resources.Connection{}, preset, switches); err != nil {
			return err // the command line is wrong, whatever the connection is
		}
		found, _, err := c.connection(ctx, caller.Company, args[0])
		if err != nil {
			return err
		}
		if err := setConnection(&found, preset, switches); err != nil {
			return err
		}
		if me != "" {
			if found.Me, err = c.userID(ctx, caller, me); err != nil {
				return fmt.Errorf("--me %s: %w", me, err)
			}
		}
		return c.db.SetConnection(ctx, caller.Actor, found)
	})
}

// setConnection sets a preset, unless it is empty, and then switches, each given as name=value.
func setConnection(c *resources.Connection, preset string, switches []string) error {
	if preset != "" {
		var err error
		if c.Switches, err = resources.PresetSwitches(preset); err != nil {
			return fmt.Errorf("%w: --preset: %w", errUsage, err)
		}
		c.Preset = strings.ToLower(preset)
	}
	for _, s := range switches {
		name, value, _ := strings.Cut(s, "=")
		if err := c.Switches.Set(name, value); err != nil {
			return fmt.Errorf("%w: --switch %s: %w", errUsage, s, err)
		}
	}
	return nil
}

// userID finds a User by userName; - is none.
func (c *core) userID(ctx context.Context, caller resources.Caller, userName string) (string, error) {
	if userName == "-" {
		return "", nil
	}
	found, err := c.db.GetByUserName(ctx, caller, resources.FoldUserName(userName))
	if err != nil {
		return "", err
	}
	return found.ID, nil
}

func (p *program) connectionResumeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "resume NAME", Args: names("NAME"),
		Short: "Let a connection deactivate and delete again, after it was held for doing so too often",
		Long: "Let a connection deactivate and delete again. It is held when within a day it took away more Users and Groups than\n" +
			"massLossCount and massLossShare allow. Look first whether that was meant: the identity provider repeats what was refused.",
		Example: `  proprio connection resume "Entra ID" --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		found, _, err := c.connection(ctx, caller.Company, args[0])
		if err != nil {
			return err
		}
		return c.db.ResumeLosses(ctx, caller.Actor, caller.Company, found.ID)
	})
}
