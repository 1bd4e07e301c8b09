package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"proprio/push"
	"proprio/resources"
)

func (p *program) appSettingsCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "settings NAME", Short: "Print how an app is treated, as JSON, or set it from a file",
		Example: `  proprio app settings "Cadence CRM" > cadence.json
  proprio app settings "Cadence CRM" --file cadence.json`,
	}
	cmd.Flags().StringVar(&file, "file", "", "JSON file with all settings; what it leaves out is set back")
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		if file == "" {
			return p.printJSON(app.Settings)
		}
		var err error
		if app.Settings, err = readSettings(file); err != nil {
			return err
		}
		said, err := c.changeApp(ctx, resources.Caller{Company: app.Company, Actor: p.actor()}, app)
		if err == nil {
			fmt.Fprintln(p.stdout, said)
		}
		return err
	})
}
