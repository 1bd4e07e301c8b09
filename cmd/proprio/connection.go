package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"proprio/resources"
)

func (p *program) connectionCmd() *cobra.Command {
	return group("connection", "Connections: the identity providers that sync to a company",
		p.connectionListCmd(), p.connectionShowCmd(), p.connectionSetCmd(), p.connectionResumeCmd(),
		p.connectionSwitchCmd("disable", true), p.connectionSwitchCmd("enable", false))
}

func (p *program) connectionListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List a company's connections and their tokens", Args: names(),
		Example: `  proprio connection list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		connections, tokens, err := c.db.ListConnections(ctx, caller.Company)
		if err != nil {
			return err
		}
		out := func(c resources.Connection) connectionJSON { return connectionOut(c, tokens[c.ID]) }
		return printList(p, *asJSON, connections, out, func(c resources.Connection) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\tdisabled=%t\n", c.ID, c.Name, c.Preset, c.Disabled)
			for _, t := range tokens[c.ID] {
				fmt.Fprintf(p.stdout, "\ttoken %s\t%s\tcreated %s\trevoked=%t\n", t.ID, strings.Join(t.Scopes, " "), t.Created.Format("2006-01-02"), !t.Revoked.IsZero())
			}
		})
	})
}

func (p *program) connectionSwitchCmd(verb string, disabled bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " NAME", Args: names("NAME"),
		Short:   map[bool]string{true: "Refuse every request of a connection", false: "Let a disabled connection in again"}[disabled],
		Example: "  proprio connection " + verb + ` "Entra ID" --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		found, _, err := c.connection(ctx, caller.Company, args[0])
		if err != nil {
			return err
		}
		found.Disabled = disabled
		return c.db.SetConnection(ctx, caller.Actor, found)
	})
}

// connectionNames are the names of a company's connections, by id.
func (c *core) connectionNames(ctx context.Context, company string) (map[string]string, error) {
	connections, _, err := c.db.ListConnections(ctx, company)
	named := map[string]string{}
	for _, found := range connections {
		named[found.ID] = found.Name
	}
	return named, err
}

// connection finds a company's connection by name, with its tokens.
func (c *core) connection(ctx context.Context, company, name string) (resources.Connection, []resources.Token, error) {
	connections, tokens, err := c.db.ListConnections(ctx, company)
	if err != nil {
		return resources.Connection{}, nil, err
	}
	for _, found := range connections {
		if found.Name == name {
			return found, tokens[found.ID], nil
		}
	}
	return resources.Connection{}, nil, fmt.Errorf("connection %q: %w (see proprio connection list)", name, resources.ErrNotFound)
}
