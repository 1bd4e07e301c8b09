package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"proprio/backup"
	"proprio/db"
)

func (p *program) migrateCmd() *cobra.Command {
	return group("migrate", "Move companies to another database", p.migratePostgresCmd())
}

func (p *program) migratePostgresCmd() *cobra.Command {
	var o db.CarryOptions
	cmd := &cobra.Command{
		Use:   "sqlite-to-postgres",
		Short: "Carry companies over from a data folder to a Postgres database",
		Long: `Carry one company (--company), or all, over from the SQLite database in a data folder to a Postgres database, which may
hold other companies and may be in use. Each table is counted and compared on both sides, and then the companies are there,
whole. A migration that was broken off goes on where it was when it is run again.

The server of the data folder must be stopped, and stays stopped: from then on the servers of the Postgres database serve
the companies. Secrets are carried over sealed, so those servers need the keyset of the data folder: keyset.json, in their
data folder or in PROPRIO_KEYSET_FILE.`,
		Example: `  proprio migrate sqlite-to-postgres --data /var/lib/proprio --database postgres://proprio@db.example/proprio`,
		Args:    names(),
	}
	cmd.Flags().StringVar(&o.Company, "company", "", "the company's name; empty: all companies")
	cmd.Flags().BoolVar(&o.Restart, "restart", false, "forget what an earlier, broken-off migration has carried over")
	asJSON := jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return p.migrate(cmd.Context(), o, *asJSON) }
	return required(cmd, "data", "database")
}

// migrateJSON is what --json prints of a migration; see output.go.
type migrateJSON struct {
	Companies []string         `json:"companies"`
	Resumed   int64            `json:"resumed"` // rows that an earlier try had brought
	Source    []backup.Counted `json:"source"`
	Target    []backup.Counted `json:"target"`
}

func (p *program) migrate(ctx context.Context, o db.CarryOptions, asJSON bool) error {
	free, err := claimData(p.cfg.Data)
	if err != nil {
		return err
	}
	defer free()
	into, err := p.databaseConfig()
	if err != nil {
		return err
	}
	from := db.Config{Data: p.cfg.Data, Logger: p.log}
	if own, err := from.KeysetAtHand(); err != nil {
		return err
	} else if own == nil {
		from.Keyset = into.Keyset // the data folder's server had it from the environment too
	}
	d, err := db.Inspect(from) // makes no database where none is
	if err != nil {
		return err
	}
	if err := d.Close(); err != nil {
		return err
	}
	o.Progress = func(table string, rows int64) { p.log.Info("arrived", "table", table, "rows", rows) }
	done, err := db.CarryOver(ctx, from, into, o)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if asJSON {
		return p.printJSON(migrateJSON(done))
	}
	p.printMigrated(done)
	return nil
}

// printMigrated shows both sides.
func (p *program) printMigrated(done db.Carried) {
	fmt.Fprintf(p.stdout, "%-28s %10s %10s  %s\n", "table", "source", "target", "hash of both")
	var rows int64
	for i, s := range done.Source {
		fmt.Fprintf(p.stdout, "%-28s %10d %10d  %.16s\n", s.Table, s.Rows, done.Target[i].Rows, done.Target[i].Hash)
		rows += s.Rows
	}
	if done.Resumed > 0 {
		fmt.Fprintf(p.stdout, "%d rows had arrived before\n", done.Resumed)
	}
	fmt.Fprintf(p.stdout, "carried over %s: %d tables, %d rows, equal on both sides\n", strings.Join(done.Companies, ", "), len(done.Source), rows)
	fmt.Fprintln(p.stdout, "do not start the server of the data folder again; keep the folder until you have a backup of the Postgres database")
}
