package db

import (
	"fmt"
	"net/url"
	"time"

	"github.com/lib/pq"
)

// openPostgres prepares a pool of connections to a Postgres server of version 14 or later, built with ICU.
func (d *DB) openPostgres(c Config) error {
	connector, err := pq.NewConnector(c.URL)
	if err != nil {
		return fmt.Errorf("database URL %s: %w", redacted(c.URL), err)
	}
	connections := max(c.Connections, 2)
	d.dialect = dialect{postgres: true}
	d.reader = openPool(connector, "postgres", connections)
	d.reader.SetConnMaxIdleTime(5 * time.Minute)
	d.writer = d.reader
	d.writing = make(chan struct{}, connections-1)
	return nil
}

// redacted is a database URL that can be shown.
func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	return u.Redacted()
}
