package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"proprio/backup"
	"proprio/db"
)

func (p *program) restoreCmd() *cobra.Command {
	var o restoreOptions
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make a database from a backup, in an empty data folder or an empty Postgres database",
		Long: `Make a database from a backup, in an empty data folder (--data) or an empty Postgres database (--database), whichever of
the two the backup came from. Everything is read and compared before it takes its place, at once; a restore that fails or is
broken off changes nothing. No server may run on the place.

--force sets a database that is there aside, under a name that is told, and puts the backup in its place.`,
		Example: `  proprio restore /var/backups/proprio/proprio-20260301T020000Z.backup --data /var/lib/proprio --key-file backup.key
  proprio restore last.backup --database postgres://proprio@db.example/proprio --key-file backup.key`,
		Args: names("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.restore(cmd.Context(), args[0], o) },
	}
	f := cmd.Flags()
	o.key.flag(f, takeClear)
	f.BoolVar(&o.replace, "force", false, "set aside the database that is there")
	f.BoolVar(&o.asJSON, "json", false, "print JSON, with names that stay the same")
	return cmd
}

type restoreOptions struct {
	key             backupKey
	replace, asJSON bool
}

// restoreJSON is what --json prints of a restored backup; see output.go.
type restoreJSON struct {
	Taken    time.Time        `json:"taken"`
	Position int64            `json:"position"`
	From     string           `json:"from"` // sqlite or postgres
	Into     string           `json:"into"`
	SetAside string           `json:"setAside,omitempty"`
	Secrets  string           `json:"secrets"` // none, open, sealed
	Tables   []backup.Counted `json:"tables"`
}

func (p *program) restore(ctx context.Context, path string, o restoreOptions) error {
	secret, err := o.key.opening(p)
	if err != nil {
		return err
	}
	c, err := p.databaseConfig()
	if err != nil {
		return err
	}
	file, err := openBackup(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := backup.Open(file, secret)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if c.URL == "" {
		free, err := claimData(c.Data)
		if err != nil {
			return err
		}
		defer free()
	}
	brought, err := bringKeyset(c, r.Manifest.Keyset)
	if err != nil {
		return err
	}
	restored, err := db.Restore(ctx, c, r, o.replace)
	if err != nil {
		if brought != "" && !restored.Placed { // a server would seal with it
			err = errors.Join(err, os.Remove(brought))
		}
		return fmt.Errorf("restore %s: %w", path, err)
	}
	return p.printRestored(ctx, c, r.Manifest, restored, o.asJSON)
}

// bringKeyset puts the keyset of a backup where the database will look for it, and says which file it made. One that is
// there already must be able to open what the backup's has sealed.
func bringKeyset(c db.Config, keyset []byte) (made string, err error) {
	if len(keyset) == 0 {
		return "", nil
	}
	have, err := c.KeysetAtHand()
	if err != nil {
		return "", err
	}
	if have == nil {
		return db.PutKeyset(c.Data, keyset)
	}
	covers, err := db.KeysetCovers(have, keyset)
	if err == nil && !covers {
		err = errors.New("the keyset at hand is another one than that in the backup, and would not open its secrets: move " +
			"keyset.json (or PROPRIO_KEYSET) out of the way")
	}
	return "", err
}

// printRestored tells what was restored, and whether the keyset at hand opens its secrets.
func (p *program) printRestored(ctx context.Context, c db.Config, m backup.Manifest, restored db.Restored, asJSON bool) error {
	d, err := db.Inspect(c)
	if err != nil {
		return err
	}
	defer d.Close()
	secrets, err := d.TrySecrets(ctx)
	if err != nil {
		return err
	}
	out := restoreJSON{Taken: m.Taken, Position: m.Position, From: m.Database, Into: d.Kind(), SetAside: restored.SetAside,
		Secrets: "none", Tables: restored.Tables}
	said := "there are no secrets in it"
	switch {
	case secrets.Opened:
		out.Secrets, said = "open", "the keyset at hand opens its secrets"
	case secrets.Tried > 0:
		out.Secrets = "sealed"
		said = "WARNING: the keyset at hand does not open its secrets: put the former keyset.json in the data folder (or in PROPRIO_KEYSET) " +
			"before the server starts, or enter the apps' tokens and client secrets again"
	}
	if asJSON {
		return p.printJSON(out)
	}
	var rows int64
	for _, t := range restored.Tables {
		rows += t.Rows
	}
	fmt.Fprintf(p.stdout, "restored %d tables, %d rows, equal to the backup: %s at %s, place %d of the record, into %s\n",
		len(out.Tables), rows, out.From, out.Taken.Format(time.RFC3339), out.Position, out.Into)
	if out.SetAside != "" {
		fmt.Fprintf(p.stdout, "what was there before is now %s; remove it when you no longer need it\n", out.SetAside)
	}
	fmt.Fprintln(p.stdout, said)
	return nil
}
