package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"proprio/resources"
)

func (p *program) connectionCmd() *cobra.Command {
	return group("connection", "Connections: the identity providers that sync to a company",
		p.connectionListCmd(), p.connectionSwitchCmd("disable", true), p.connectionSwitchCmd("enable", false))
}

func (p *program) connectionListCmd() *cobra.Command {
	var company string
	var asJSON bool
	cmd := &cobra.Command{Use: "list", Short: "List a company's connections and their tokens", Args: names()}
	cmd.Flags().StringVar(&company, "company", "", "the company's name")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.withCore(cmd.Context(), func(c *core) error {
			caller, err := p.companyCaller(cmd.Context(), c, company)
			if err != nil {
				return err
			}
			connections, tokens, err := c.db.ListConnections(cmd.Context(), caller.Company)
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(map[string]any{"connections": connections, "tokens": tokens})
			}
			for _, found := range connections {
				fmt.Fprintf(p.stdout, "%s\t%s\t%s\tdisabled=%t\n", found.ID, found.Name, found.Preset, found.Disabled)
				for _, t := range tokens[found.ID] {
					fmt.Fprintf(p.stdout, "\ttoken %s\tcreated %s\trevoked=%t\n", t.ID, t.Created.Format("2006-01-02"), !t.Revoked.IsZero())
				}
			}
			return nil
		})
	}
	return required(cmd, "company")
}

func (p *program) connectionSwitchCmd(verb string, disabled bool) *cobra.Command {
	var company string
	cmd := &cobra.Command{
		Use: verb + " NAME", Args: names("NAME"),
		Short: map[bool]string{true: "Refuse every request of a connection", false: "Let a disabled connection in again"}[disabled],
	}
	cmd.Flags().StringVar(&company, "company", "", "the company's name")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return p.withCore(cmd.Context(), func(c *core) error {
			connection, err := p.connection(cmd.Context(), c, company, args[0])
			if err != nil {
				return err
			}
			connection.Disabled = disabled
			return c.db.SetConnection(cmd.Context(), connection)
		})
	}
	return required(cmd, "company")
}

// connection finds a connection by its company's and its own name.
func (p *program) connection(ctx context.Context, c *core, company, name string) (resources.Connection, error) {
	caller, err := p.companyCaller(ctx, c, company)
	if err != nil {
		return resources.Connection{}, err
	}
	connections, _, err := c.db.ListConnections(ctx, caller.Company)
	if err != nil {
		return resources.Connection{}, err
	}
	for _, found := range connections {
		if found.Name == name {
			return found, nil
		}
	}
	return resources.Connection{}, fmt.Errorf("connection %q of %s: %w (see proprio connection list)", name, company, resources.ErrNotFound)
}
