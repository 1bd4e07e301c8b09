package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"proprio/push"
	"proprio/resources"
)

func (p *program) appHeldCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "held NAME", Short: "List the removals that wait for a decision, because too many came within a day",
		Example: `  proprio app held "Cadence CRM" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		held, err := c.heldRemovals(ctx, app)
		if err != nil {
			return err
		}
		return printList(p, *asJSON, held, heldOut, func(a push.Account) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\n", a.ObjectType, a.ObjectName, a.RemoteID)
		})
	})
}

// heldJSON is a removal that waits for a decision.
type heldJSON struct {
	ObjectType string `json:"objectType"`
	ObjectID   string `json:"objectId"`
	Name       string `json:"name"`
	RemoteID   string `json:"remoteId"`
}

func heldOut(a push.Account) heldJSON {
	return heldJSON{ObjectType: a.ObjectType, ObjectID: a.ObjectID, Name: a.ObjectName, RemoteID: a.RemoteID}
}

// appDecideCmd allows or rejects held removals.
func (p *program) appDecideCmd(verb, short string, allow bool) *cobra.Command {
	var names []string
	cmd := &cobra.Command{
		Use: verb + " NAME", Short: short,
		Example: fmt.Sprintf("  proprio app %s \"Cadence CRM\"\n  proprio app %s \"Cadence CRM\" --only marie@atelier.fr", verb, verb),
	}
	cmd.Flags().StringArrayVar(&names, "only", nil, "only this userName or group; may be repeated; none: all that are held")
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		ids, err := c.heldNamed(ctx, app, names)
		if err != nil {
			return err
		}
		n, err := c.engine.Decide(ctx, p.actor(), app, allow, ids...)
		if err != nil {
			return err
		}
		if allow {
			_, err = fmt.Fprintf(p.stdout, "%d removals are allowed and sent\n", n)
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "%d removals are rejected: the app keeps them until the person or group changes again\n", n)
		return err
	})
}

// heldRemovals are the accounts of an app whose removal waits for a decision.
func (c *core) heldRemovals(ctx context.Context, app push.App) ([]push.Account, error) {
	const page = 1000
	var held []push.Account
	for {
		more, err := c.db.PushAccounts(ctx, app.Company, app.ID, push.AccountQuery{State: push.StateHeld, Offset: len(held), Limit: page})
		held = append(held, more...)
		if err != nil || len(more) < page {
			return held, err
		}
	}
}

// heldNamed finds held removals by the names of their objects, in any letter case; none: none, which means all.
func (c *core) heldNamed(ctx context.Context, app push.App, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	held, err := c.heldRemovals(ctx, app)
	if err != nil {
		return nil, err
	}
	ids := map[string][]string{}
	for _, a := range held {
		folded := resources.FoldUserName(a.ObjectName)
		ids[folded] = append(ids[folded], a.ID)
	}
	var found []string
	for _, name := range names {
		those := ids[resources.FoldUserName(name)]
		if len(those) == 0 {
			return nil, fmt.Errorf("--only %q: %w among the removals that are held (see proprio app held)", name, resources.ErrNotFound)
		}
		found = append(found, those...)
	}
	return found, nil
}
