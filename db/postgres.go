package db

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/lib/pq"
)

// openPostgres prepares a pool of connections to a Postgres server of version 14 or later, built with ICU.
func (d *DB) openPostgres(c Config) error {
	connector, err := pq.NewConnector(c.URL)
	if err != nil {
		return fmt.Errorf("database URL: %w", withoutURL(err))
	}
	connections := max(c.Connections, 2)
	d.dialect = dialect{postgres: true}
	d.reader = openPool(connector, "postgres", connections)
	d.reader.SetConnMaxIdleTime(5 * time.Minute)
	d.writer = d.reader
	d.writing = make(chan struct{}, connections-1)
	return nil
}

// withoutURL takes the database URL, which holds the password, out of what is wrong with it. Of a URL that cannot be
// parsed only the kind of mistake is told: the part at fault may be the password.
func withoutURL(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	var escape url.EscapeError
	if errors.As(err, &escape) {
		return errors.New("a % is not followed by two hexadecimal digits; percent-encode what is special in the password")
	}
	return errors.New("it cannot be parsed; it is like postgres://user:password@host/name, with what is special in the " +
		"password percent-encoded")
}
