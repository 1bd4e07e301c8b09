package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"proprio/ownership"
	"proprio/ownership/export"
	"proprio/push"
	"proprio/push/manual"
)

func (p *program) appConfirmCmd() *cobra.Command {
	var file, exported string
	var o export.Options
	cmd := &cobra.Command{
		Use: "confirm NAME", Short: "Read an export of the app's accounts back: what people said to be done is confirmed, or opened again",
		Example: `  proprio app confirm "jefacture.com" --csv users.csv --exported 2026-11-22T09:30:00+01:00`,
	}
	f := cmd.Flags()
	f.StringVar(&file, "csv", "", "the export: a CSV file with one account a line and a column of addresses")
	f.StringVar(&exported, "exported", "", "when it was made (RFC 3339); default: when the file was last written")
	f.StringToStringVar(&o.Columns, "column", nil, "what the file calls an attribute, such as userName=Login; may be repeated")
	f.StringArrayVar(&o.Inactive, "inactive", nil, "a word that says of an account that it is not active; may be repeated")
	asJSON := jsonFlag(cmd)
	return required(p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		profile, err := c.engine.Profile(app)
		if err != nil {
			return err
		}
		o.Roles = ownership.Roles(profile.Roles)
		o.Note = func(note string) { fmt.Fprintln(p.stderr, note) }
		list, err := readExport(file, exported, o)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		report, err := c.desk.Confirm(ctx, p.actor(), app.Company, app.ID, list)
		if err != nil {
			return err
		}
		if *asJSON {
			return p.printJSON(report)
		}
		_, err = fmt.Fprintf(p.stdout, "%d accounts in the export of %s\n%d confirmed, %d opened again, %d contradicted but perhaps not yet shown, "+
			"%d closed after the export, %d about what it does not show, %d still open, %d refused and not done\n", report.Accounts, list.At.Format(time.RFC3339),
			report.Confirmed, report.Reopened, report.Noted, report.Older, report.Unseen, report.Open, report.Refused)
		return err
	}), "csv")
}

// readExport reads an export whole, with the time at which it was made.
func readExport(file, exported string, o export.Options) (manual.Export, error) {
	in, err := os.Open(file)
	if err != nil {
		return manual.Export{}, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return manual.Export{}, err
	}
	at := info.ModTime()
	if exported != "" {
		if at, err = time.Parse(time.RFC3339, exported); err != nil {
			return manual.Export{}, fmt.Errorf("%w: --exported: %w", errUsage, err)
		}
	}
	list, err := export.Read(in, o)
	return manual.Export{At: at, Accounts: list.Accounts}, err
}
