package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"proprio/push"
	"proprio/resources"
)

// busyPatience is how long a command waits for an app that another process works on.
const busyPatience = time.Minute

func (p *program) appProvisionCmd() *cobra.Command {
	var dry, group bool
	cmd := &cobra.Command{
		Use:   "provision NAME USERNAME",
		Short: "Bring one person into the app now, before all else, and say what each of the five steps did",
		Example: `  proprio app provision "Cadence CRM" marie@atelier.fr
  proprio app provision "Cadence CRM" marie@atelier.fr --dry-run --json
  proprio app provision "Cadence CRM" Vente --group`,
	}
	asJSON := jsonFlag(cmd)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "stop before anything is sent")
	cmd.Flags().BoolVar(&group, "group", false, "the name is a group's displayName")
	return p.onAppAnd(cmd, func(ctx context.Context, c *core, app push.App, more []string) error {
		kind, id, err := c.objectNamed(ctx, app, more[0], group)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, busyPatience)
		defer cancel()
		var done *push.Provisioning
		if dry {
			done, err = c.engine.Rehearse(ctx, app, kind, id)
		} else {
			done, err = c.engine.Provision(ctx, p.actor(), app, kind, id)
		}
		if err != nil {
			return err
		}
		if *asJSON {
			err = p.printJSON(done)
		} else {
			err = p.printProvisioning(done)
		}
		if err == nil && done.Error != "" {
			return fmt.Errorf("%s was not provisioned: %s", done.Name, done.Error)
		}
		return err
	}, "USERNAME")
}

// objectNamed finds what an admin names: a person by userName, or a group by displayName.
func (c *core) objectNamed(ctx context.Context, app push.App, name string, group bool) (kind, id string, err error) {
	caller := resources.Caller{Company: app.Company}
	if group {
		ids, err := c.groupsByName(ctx, caller, []string{name})
		if err != nil {
			return "", "", err
		}
		return resources.TypeGroup, ids[0], nil
	}
	page, err := c.db.Find(ctx, caller, resources.Query{Type: resources.TypeUser, StartIndex: 1, Count: 1, Where: resources.Compare{
		Attribute: c.registry.Type(resources.TypeUser).Attribute("userName"), Op: "eq", Value: resources.FoldUserName(name)}})
	switch {
	case err != nil:
		return "", "", err
	case page.Total == 0:
		return "", "", fmt.Errorf("user %q: %w in the directory", name, resources.ErrNotFound)
	}
	return resources.TypeUser, page.Resources[0].ID, nil
}

func (p *program) printProvisioning(done *push.Provisioning) error {
	for i, s := range done.Steps {
		mark := "ok"
		if !s.Done {
			mark = "failed"
		}
		fmt.Fprintf(p.stdout, "%d. %-6s %-6s %s\n", i+1, s.Name, mark, s.Words)
		for _, part := range []any{s.Data, s.Detail} {
			if part == nil {
				continue
			}
			text, err := json.MarshalIndent(part, "   ", "  ")
			if err != nil {
				return err
			}
			if string(text) != "[]" {
				fmt.Fprintf(p.stdout, "   %s\n", text)
			}
		}
	}
	return nil
}
