package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"proprio/db"
)

// backupKey is where the secret of a backup is read from. It is never an argument.
type backupKey struct {
	file  string
	clear bool // there is to be none
}

func (k *backupKey) flag(f *pflag.FlagSet, clear string) {
	f.StringVar(&k.file, "key-file", "", "`file` with the secret of the backup, or - for standard input")
	f.BoolVar(&k.clear, "unencrypted", false, clear)
}

// takeClear is what --unencrypted does where a backup is read.
const takeClear = "read a backup that is not encrypted, although a key is given"

// opening is what a backup is read with: nil for one that is not encrypted.
func (k backupKey) opening(p *program) ([]byte, error) {
	if k.clear {
		return nil, nil
	}
	return k.read(p)
}

// read returns the secret; nil when none is given.
func (k backupKey) read(p *program) ([]byte, error) {
	if k.file != "" {
		secret, err := p.readSecret(k.file)
		if err != nil {
			return nil, fmt.Errorf("--key-file: %w", err)
		}
		return []byte(secret), nil
	}
	secret, err := secretFromEnvironment(p.getenv, "PROPRIO_BACKUP_KEY")
	if err != nil || secret == nil {
		return nil, err
	}
	text := trimLine(string(secret))
	if text == "" {
		return nil, fmt.Errorf("%w: the secret in PROPRIO_BACKUP_KEY_FILE is empty", errUsage)
	}
	return []byte(text), nil
}

// databaseConfig says where the database and the keyset are.
func (p *program) databaseConfig() (db.Config, error) {
	keyset, err := secretFromEnvironment(p.getenv, "PROPRIO_KEYSET")
	return db.Config{Data: p.cfg.Data, URL: p.cfg.Database, Keyset: keyset, Logger: p.log}, err
}

func (p *program) backupVerifyCmd() *cobra.Command {
	var key backupKey
	cmd := &cobra.Command{
		Use:     "verify FILE",
		Short:   "Read a backup to its end, and say what is in it",
		Long:    "Read a backup to its end: decrypt it, and compare each table with the count and the hash that the backup has of it.",
		Example: "  proprio backup verify /var/backups/proprio/proprio-20260301T020000Z.backup --key-file backup.key",
		Args:    names("FILE"),
	}
	key.flag(cmd.Flags(), takeClear)
	asJSON := jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		secret, err := key.opening(p)
		if err != nil {
			return err
		}
		file, err := openBackup(args[0])
		if err != nil {
			return err
		}
		found, err := readBackup(cmd.Context(), file, secret)
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		if *asJSON {
			return p.printJSON(found)
		}
		p.printBackup(found)
		return nil
	}
	return cmd
}
