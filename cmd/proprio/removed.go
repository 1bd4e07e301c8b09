package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"proprio/resources"
)

// maxRemoved is how many deleted resources a list shows.
const maxRemoved = 1000

func (p *program) removedCmd() *cobra.Command {
	return group("removed", "Users and groups that were deleted within the last 30 days", p.removedListCmd(), p.removedRestoreCmd())
}

// removedJSON is what --json prints of a deleted resource; see output.go.
type removedJSON struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Name    string    `json:"name"`
	Removed time.Time `json:"removed"`
}

func (p *program) removedListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List them, newest first", Args: names(), Example: `  proprio removed list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		all, err := c.db.ListRemoved(ctx, caller.Company, maxRemoved)
		if err != nil {
			return err
		}
		out := func(r resources.Removed) removedJSON {
			return removedJSON{ID: r.ID, Type: r.Type, Name: r.Name, Removed: r.At}
		}
		return printList(p, *asJSON, all, out, func(r resources.Removed) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\n", r.ID, r.Type, r.Name, r.At.Format("2006-01-02 15:04"))
		})
	})
}

func (p *program) removedRestoreCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "restore ID", Args: names("ID"),
		Short: "Bring a deleted user or group back, under its id and with its memberships",
		Long: "Bring a deleted user or group back, under its id, with its memberships and what connections call it; groups\n" +
			"come before their members. Whose manager it was is not restored: the identity provider sends that again.",
		Example: `  proprio removed restore 0199d0b4-5a0e-7c1f-9a39-2f6b2e6b3e7d --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		result, err := c.directory.Restore(ctx, caller, c.db, args[0])
		if err != nil {
			return fmt.Errorf("restore %s: %w (see proprio removed list)", args[0], err)
		}
		r := result.Resource
		fmt.Fprintf(p.stdout, "restored %s %s\n", r.Type, r.ID)
		return nil
	})
}
