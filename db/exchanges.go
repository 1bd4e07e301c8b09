package db

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/resources"
)

// RecordExchange implements resources.Connections. Ids are UUIDv7, so the newest are those with the greatest ids.
func (d *DB) RecordExchange(ctx context.Context, exchanges ...resources.Exchange) error {
	if len(exchanges) == 0 {
		return nil
	}
	company, connection := exchanges[0].Company, exchanges[0].Connection
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		for _, e := range exchanges {
			if e.ID == "" {
				e.ID = newID()
			}
			_, err := d.exec(ctx, tx, `insert into exchanges (company_id, connection_id, id, at, method, path, user_agent, status,
				duration, request, response) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, company, connection, e.ID, micros(e.At),
				storable(e.Method), storable(e.Path), storable(e.UserAgent), e.Status, e.Duration.Microseconds(),
				nonNil(e.Request), nonNil(e.Response))
			if err != nil {
				return err
			}
		}
		_, err := d.exec(ctx, tx, `delete from exchanges where company_id = ? and connection_id = ? and id <= (
			select id from exchanges where company_id = ? and connection_id = ? order by id desc limit 1 offset ?)`,
			company, connection, company, connection, resources.KeptExchanges)
		return err
	})
}

// Exchanges implements resources.Connections, newest first.
func (d *DB) Exchanges(ctx context.Context, company, connection string, limit int) ([]resources.Exchange, error) {
	var rows []struct {
		ID        string `db:"id"`
		At        int64  `db:"at"`
		Method    string `db:"method"`
		Path      string `db:"path"`
		UserAgent string `db:"user_agent"`
		Status    int    `db:"status"`
		Duration  int64  `db:"duration"`
		Request   []byte `db:"request"`
		Response  []byte `db:"response"`
	}
	if limit <= 0 || limit > resources.KeptExchanges {
		limit = resources.KeptExchanges
	}
	err := d.list(ctx, nil, &rows, `select id, at, method, path, user_agent, status, duration, request, response
		from exchanges where company_id = ? and connection_id = ? order by id desc limit ?`, company, connection, limit)
	exchanges := make([]resources.Exchange, len(rows))
	for i, row := range rows {
		exchanges[i] = resources.Exchange{ID: row.ID, Company: company, Connection: connection, At: fromMicros(row.At),
			Method: row.Method, Path: row.Path, UserAgent: row.UserAgent, Status: row.Status,
			Duration: time.Duration(row.Duration) * time.Microsecond, Request: row.Request, Response: row.Response}
	}
	return exchanges, err
}
