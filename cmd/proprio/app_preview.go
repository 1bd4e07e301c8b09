package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"proprio/push"
)

func (p *program) appPreviewCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "preview NAME USERNAME",
		Short: "Show what an app's settings make of one person; nothing is sent or stored",
		Example: `  proprio app preview "Cadence CRM" marie@atelier.fr
  proprio app preview "Cadence CRM" marie@atelier.fr --settings cadence.json --json`,
	}
	asJSON := jsonFlag(cmd)
	cmd.Flags().StringVar(&file, "settings", "", "JSON file with settings to try, instead of those that are stored")
	return p.onAppAnd(cmd, func(ctx context.Context, c *core, app push.App, more []string) error {
		if file != "" {
			settings, err := readSettings(file)
			if err != nil {
				return err
			}
			app.Settings = settings
		}
		preview, err := c.engine.Preview(ctx, app, more[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return p.printJSON(preview)
		}
		return p.printPreview(preview)
	}, "USERNAME")
}

// readSettings reads a file with an app's settings.
func readSettings(file string) (push.Settings, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return push.Settings{}, err
	}
	settings, err := push.ParseSettings(text)
	if err != nil {
		return push.Settings{}, fmt.Errorf("%s: %w", file, err)
	}
	return settings, nil
}

func (p *program) printPreview(v push.PersonPreview) error {
	in := "in the app, with access"
	if !v.InScope {
		in = "not in the app, or without access"
	}
	fmt.Fprintf(p.stdout, "%s: %s\n  %s\n", v.Name, in, v.Why)
	if v.Problem != "" {
		fmt.Fprintf(p.stdout, "  problem: %s\n", v.Problem)
	}
	for _, s := range v.Steps {
		text := s.Error
		if text == "" && s.Value != nil {
			value, err := json.Marshal(s.Value)
			if err != nil {
				return err
			}
			text = string(value)
		}
		fmt.Fprintf(p.stdout, "  %-12s %-8s %s %s (%s, %s)\n", s.Rule, s.Effect, s.Target, text, s.Source, s.When)
	}
	for _, d := range []struct {
		title string
		doc   json.RawMessage
	}{{"a new account would be", v.Creation}, {"the account " + v.Account + " should be", v.Now}} {
		if d.doc == nil {
			continue
		}
		text, err := json.MarshalIndent(d.doc, "  ", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "  %s\n  %s\n", d.title, text)
	}
	return nil
}
