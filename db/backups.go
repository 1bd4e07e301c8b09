package db

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Backup is a backup that was made of this database. The record of it is written afterwards, so it is not in itself.
type Backup struct {
	ID        string
	Taken     time.Time // the moment that it shows
	Finished  time.Time
	File      string // its name, without folders
	Size      int64
	Position  int64            // the highest place in the audit record at that moment
	Rows      map[string]int64 // of each table
	Encrypted bool
	Keyset    bool // the keyset is in it
}

// keptBackups is how many are remembered.
const keptBackups = 100

// RecordBackup remembers a backup.
func (d *DB) RecordBackup(ctx context.Context, b Backup) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `insert into backups (id, taken, finished, file, size, position, counts, encrypted, keyset)
			values (?, ?, ?, ?, ?, ?, ?, ?, ?)`, newID(), micros(b.Taken), micros(b.Finished), storable(b.File), b.Size, b.Position,
			jsonText(b.Rows), b.Encrypted, b.Keyset)
		if err == nil {
			_, err = d.exec(ctx, tx, `delete from backups where id not in (select id from backups order by taken desc, id desc limit ?)`, keptBackups)
		}
		return err
	})
}

// LastBackup is the newest backup; resources.ErrNotFound when none was made.
func (d *DB) LastBackup(ctx context.Context) (Backup, error) {
	var row struct {
		ID        string `db:"id"`
		Taken     int64  `db:"taken"`
		Finished  int64  `db:"finished"`
		File      string `db:"file"`
		Size      int64  `db:"size"`
		Position  int64  `db:"position"`
		Counts    string `db:"counts"`
		Encrypted bool   `db:"encrypted"`
		Keyset    bool   `db:"keyset"`
	}
	err := d.get(ctx, nil, &row, `select id, taken, finished, file, size, position, counts, encrypted, keyset
		from backups order by taken desc, id desc limit 1`)
	if err != nil {
		return Backup{}, err
	}
	b := Backup{ID: row.ID, Taken: fromMicros(row.Taken), Finished: fromMicros(row.Finished), File: row.File, Size: row.Size,
		Position: row.Position, Encrypted: row.Encrypted, Keyset: row.Keyset}
	err = json.Unmarshal([]byte(row.Counts), &b.Rows)
	if err != nil {
		return b, fmt.Errorf("backup %s: %w", row.ID, err)
	}
	return b, nil
}
