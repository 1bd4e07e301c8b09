package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"proprio/push"
)

func (p *program) appCompareCmd() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "compare NAME", Short: "Read all that an app holds, and say how it stands to the directory and what a repair would do; changes nothing",
		Example: `  proprio app compare "Cadence CRM"
  proprio app compare "Cadence CRM" --json > lines.json`,
	}
	asJSON := jsonFlag(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "print what is as it should be, too")
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		tally, lines := push.Tally{At: c.now().UTC()}, []push.Comparison{}
		err := c.engine.Compare(ctx, app, func(line push.Comparison) error {
			tally.Add(line)
			if all || line.Verdict != push.Matched {
				lines = append(lines, line)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if *asJSON {
			return p.printJSON(struct {
				push.Tally
				Lines []push.Comparison `json:"lines"`
			}{tally, lines})
		}
		return p.printComparison(tally, lines)
	})
}

func (p *program) appRepairCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "repair NAME", Short: "Compare an app with the directory, and send again what is different or missing there",
		Example: `  proprio app repair "Cadence CRM"`,
	}
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		r, err := c.engine.Reconcile(ctx, p.actor(), app, true)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "%d of %d accounts and groups are sent again\n", r.Repaired, r.Tally.Verdicts[push.Different]+r.Tally.Verdicts[push.Missing])
		return nil
	})
}

// printComparison prints one line each, then the counts.
func (p *program) printComparison(tally push.Tally, lines []push.Comparison) error {
	for _, l := range lines {
		fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Verdict, cmp.Or(string(l.Action), "-"), l.ObjectType, l.Name,
			cmp.Or(strings.Join(l.Attributes, ","), "-"), l.Why)
	}
	for _, v := range slices.Sorted(maps.Keys(tally.Verdicts)) {
		fmt.Fprintf(p.stdout, "%s %d\n", v, tally.Verdicts[v])
	}
	if len(tally.Actions) == 0 {
		_, err := fmt.Fprintln(p.stdout, "a repair would do nothing")
		return err
	}
	would := []string{}
	for _, a := range slices.Sorted(maps.Keys(tally.Actions)) {
		would = append(would, fmt.Sprintf("%s %d", a, tally.Actions[a]))
	}
	_, err := fmt.Fprintln(p.stdout, "a repair would "+strings.Join(would, ", "))
	return err
}
