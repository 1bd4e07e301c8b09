package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"proprio/backup"
	"proprio/db"
)

func (p *program) backupCmd() *cobra.Command {
	var o backupOptions
	cmd := &cobra.Command{
		Use:   "backup FILE|DIR",
		Short: "Write an encrypted backup of everything, while the server runs",
		Long: `Write a backup of everything, as it is at one moment, while the server runs. It is read back and compared before it gets
its name. A folder gets a file named after the time. Either database can be restored from it (proprio restore).

The backup is encrypted with a secret of 16 characters or more: the file that --key-file names, PROPRIO_BACKUP_KEY or
PROPRIO_BACKUP_KEY_FILE. Without it nobody can restore the backup: keep it where the backup is not.

The keyset that opens the secrets inside the database (apps' tokens, client secrets) is not in the backup: keep keyset.json,
or what PROPRIO_KEYSET holds, apart. --with-keyset puts it in.`,
		Example: `  openssl rand -base64 32 > backup.key
  proprio backup /var/backups/proprio --key-file backup.key`,
		Args: names("FILE|DIR"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.backup(cmd.Context(), args[0], o) },
	}
	f := cmd.Flags()
	o.key.flag(f, "do not encrypt: whoever reads the file has everything but the sealed secrets")
	f.BoolVar(&o.keyset, "with-keyset", false, "put the keyset in the backup too")
	f.BoolVar(&o.replace, "force", false, "replace a backup that is there already")
	f.BoolVar(&o.asJSON, "json", false, "print JSON, with names that stay the same")
	cmd.AddCommand(p.backupVerifyCmd())
	return cmd
}

type backupOptions struct {
	key                     backupKey
	keyset, replace, asJSON bool
}

// backupJSON is what --json prints of a backup; see output.go.
type backupJSON struct {
	File      string           `json:"file"`
	Size      int64            `json:"size"`
	Taken     time.Time        `json:"taken"`
	Position  int64            `json:"position"` // the highest place in the audit record
	Database  string           `json:"database"`
	Schema    int64            `json:"schema"`
	Companies int64            `json:"companies"`
	Encrypted bool             `json:"encrypted"`
	Keyset    bool             `json:"keyset"`
	Tables    []backup.Counted `json:"tables"`
}

func (b backupJSON) rows() (n int64) {
	for _, t := range b.Tables {
		n += t.Rows
	}
	return n
}

func (p *program) backup(ctx context.Context, path string, o backupOptions) error {
	secret, err := o.secret(p)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "proprio-"+time.Now().UTC().Format("20060102T150405Z")+".backup")
	}
	file, err := backup.Create(path, o.replace)
	if err != nil {
		return err
	}
	defer file.Discard()
	return p.withCore(ctx, func(c *core) error {
		made, err := p.writeBackup(ctx, c, file, secret, o.keyset)
		if err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		if err := file.Commit(); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		made.File = path
		if err := c.db.RecordBackup(ctx, made.record(c.now())); err != nil {
			return fmt.Errorf("%s is whole, but it could not be noted that it was made (proprio doctor will miss it): %w", path, err)
		}
		if o.asJSON {
			return p.printJSON(made)
		}
		p.printBackup(made)
		return nil
	})
}

// secret is what encrypts the backup; nil when it is not to be encrypted.
func (o backupOptions) secret(p *program) ([]byte, error) {
	secret, err := o.key.read(p)
	switch {
	case err != nil:
		return nil, err
	case o.key.clear && secret != nil:
		return nil, fmt.Errorf("%w: --unencrypted and a key exclude each other", errUsage)
	case o.key.clear && o.keyset:
		return nil, fmt.Errorf("%w: --with-keyset needs encryption: the keyset opens the secrets that are beside it", errUsage)
	case !o.key.clear && secret == nil:
		return nil, fmt.Errorf("%w: a backup is encrypted: give --key-file or PROPRIO_BACKUP_KEY_FILE (or --unencrypted)", errUsage)
	}
	return secret, nil
}

// writeBackup writes the backup and reads it back.
func (p *program) writeBackup(ctx context.Context, c *core, file *backup.File, secret []byte, withKeyset bool) (backupJSON, error) {
	s, err := c.db.Snapshot(ctx)
	if err != nil {
		return backupJSON{}, err
	}
	defer s.Close()
	s.Manifest.Program = version
	if withKeyset {
		where, err := p.databaseConfig()
		if err == nil {
			s.Manifest.Keyset, err = where.KeysetAtHand()
		}
		if err != nil {
			return backupJSON{}, err
		}
	}
	if s.Manifest.Companies == 0 {
		return backupJSON{}, errors.New("the database holds no company, so there is nothing to keep: see --data and --database")
	}
	written, err := backup.Write(ctx, file, secret, s.Manifest, s)
	if err != nil {
		return backupJSON{}, err
	}
	if err := s.Close(); err != nil {
		return backupJSON{}, err
	}
	made, err := readBackup(ctx, file.File, secret)
	if err == nil && !slices.Equal(made.Tables, written) {
		err = errors.New("what was read back is not what was written")
	}
	if err != nil {
		return made, fmt.Errorf("read back: %w", err)
	}
	return made, nil
}

// openBackup opens the file of a backup.
func openBackup(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name the file of a backup in it", path)
	}
	return os.Open(path)
}

// readBackup reads a backup to its end.
func readBackup(ctx context.Context, file *os.File, secret []byte) (backupJSON, error) {
	r, err := backup.Open(file, secret)
	if err != nil {
		return backupJSON{}, err
	}
	tables, err := r.Verify(ctx)
	if err != nil {
		return backupJSON{}, err
	}
	size, err := file.Seek(0, io.SeekEnd)
	m := r.Manifest
	return backupJSON{File: file.Name(), Size: size, Taken: m.Taken, Position: m.Position, Database: m.Database, Schema: m.Schema,
		Companies: m.Companies, Encrypted: r.Encrypted, Keyset: len(m.Keyset) > 0, Tables: tables}, err
}

// record is what the database remembers of a backup.
func (b backupJSON) record(now time.Time) db.Backup {
	rows := map[string]int64{}
	for _, t := range b.Tables {
		rows[t.Table] = t.Rows
	}
	return db.Backup{Taken: b.Taken, Finished: now, File: filepath.Base(b.File), Size: b.Size, Position: b.Position, Rows: rows,
		Encrypted: b.Encrypted, Keyset: b.Keyset}
}

func (p *program) printBackup(b backupJSON) {
	fmt.Fprintf(p.stdout, "backup %s\n", b.File)
	fmt.Fprintf(p.stdout, "%s at %s, place %d of the record: %d companies, %d tables, %d rows, %s; read back and equal\n",
		b.Database, b.Taken.Format(time.RFC3339), b.Position, b.Companies, len(b.Tables), b.rows(), bytesText(b.Size))
	if b.Encrypted {
		fmt.Fprintln(p.stdout, "encrypted: it can only be restored with the secret that it was made with; keep that apart")
	} else {
		fmt.Fprintln(p.stdout, "not encrypted")
	}
	if b.Keyset {
		fmt.Fprintln(p.stdout, "the keyset is in it")
	} else {
		fmt.Fprintln(p.stdout, "the keyset is not in it: keep it apart; without it the apps' tokens and client secrets are lost")
	}
}

// bytesText is a size for people.
func bytesText(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	size, unit := float64(n), 0
	for size >= 1024 && unit < len(units)-1 {
		size, unit = size/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", size, units[unit])
}
