package db

import (
	"context"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
)

// RecordSeen implements resources.Connections.
func (d *DB) RecordSeen(ctx context.Context, seen resources.Seen) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if seen.Client != "" {
			_, err := d.exec(ctx, tx, `update connections set client = ?, client_by = ? where company_id = ? and id = ?`,
				storable(seen.Client), storable(seen.ClientBy), seen.Company, seen.Connection)
			if err != nil {
				return err
			}
		}
		for _, path := range slices.Sorted(maps.Keys(seen.Unknown)) { // one order, so that replicas do not block each other
			_, err := d.exec(ctx, tx, `insert into ignored_attributes (company_id, connection_id, path, requests, last_seen)
				values (?, ?, ?, ?, ?) on conflict (company_id, connection_id, path) do update set
				requests = ignored_attributes.requests + excluded.requests, last_seen = excluded.last_seen`,
				seen.Company, seen.Connection, storable(path), seen.Unknown[path], micros(seen.At))
			if err != nil {
				return err
			}
		}
		if len(seen.Unknown) == 0 {
			return nil
		}
		_, err := d.exec(ctx, tx, `delete from ignored_attributes where company_id = ? and connection_id = ? and path in (
			select path from ignored_attributes where company_id = ? and connection_id = ?
			order by last_seen desc, path limit 1000 offset ?)`,
			seen.Company, seen.Connection, seen.Company, seen.Connection, resources.KeptUnknowns)
		return err
	})
}

// Unknowns implements resources.Connections.
func (d *DB) Unknowns(ctx context.Context, company, connection string) ([]resources.Unknown, error) {
	var rows []struct {
		Path     string `db:"path"`
		Requests int    `db:"requests"`
		LastSeen int64  `db:"last_seen"`
	}
	err := d.list(ctx, nil, &rows, `select path, requests, last_seen from ignored_attributes
		where company_id = ? and connection_id = ? order by last_seen desc, path limit ?`, company, connection, resources.KeptUnknowns)
	unknown := make([]resources.Unknown, len(rows))
	for i, row := range rows {
		unknown[i] = resources.Unknown{Path: row.Path, Requests: row.Requests, LastSeen: fromMicros(row.LastSeen)}
	}
	return unknown, err
}
