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
		settings, err := readSettings(file)
		if err != nil {
			return err
		}
		said, err := c.changeApp(ctx, resources.Caller{Company: app.Company, Actor: p.actor()}, app, func(now push.App) (push.App, error) {
			now.Settings = settings
			return now, nil
		})
		if err == nil {
			fmt.Fprintln(p.stdout, said)
		}
		return err
	})
}
