package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"time"

	"github.com/lib/pq"

	"proprio/resources"
)

// postgresDefaults are settings of a connection that the database URL may give otherwise.
//
// A statement that nobody waits for any more, because its client's host died, holds its locks no longer than
// statement_timeout; a transaction whose client died between two statements, no longer than the idle one.
//
// A statement is planned once and not anew for each value: all of ours find their rows by indexes whatever the values are,
// and to plan a look-up takes longer than to make it. To compile one pays for none of them. A page read at random costs
// hardly more than the next one, on disks that do not turn: lists are read in the order of an index.
var postgresDefaults = map[string]string{
	"statement_timeout":                   "600000",
	"idle_in_transaction_session_timeout": "60000",
	"plan_cache_mode":                     "force_generic_plan",
	"jit":                                 "off",
	"random_page_cost":                    "1.1",
}

const (
	connectTimeout = 5 * time.Second  // to one server; several may be named
	connectionLife = 30 * time.Minute // then a connection is made anew: who was added behind an address gets a share
	silence        = 10 * time.Second // a host that acknowledges nothing for so long is gone
)

// openPostgres prepares a pool of connections to a Postgres server of version 14 or later, built with ICU.
func (d *DB) openPostgres(c Config) error {
	cfg, err := pq.NewConfig(c.URL)
	if err != nil {
		return fmt.Errorf("database URL: %w", withoutURL(err))
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	runtime := maps.Clone(postgresDefaults)
	maps.Copy(runtime, cfg.Runtime)
	cfg.Runtime = runtime
	to, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return fmt.Errorf("database URL: %w", withoutURL(err))
	}
	to.Dialer(newDialer())
	connections := max(c.Connections, 2)
	d.dialect.postgres = true
	d.reader = openPool(reaching{to}, "postgres", connections)
	d.reader.idle = connections
	d.reader.SetConnMaxIdleTime(5 * time.Minute)
	d.reader.SetConnMaxLifetime(connectionLife)
	d.writer = d.reader
	d.writing = make(chan struct{}, connections-1)
	return nil
}

// ordersBytes tells whether the database was made with a locale that orders text by its bytes.
func (d *DB) ordersBytes(ctx context.Context) (bytes bool, err error) {
	return bytes, d.get(ctx, nil, &bytes, `select coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'b'
		or coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' and d.datcollate in ('C', 'POSIX', 'C.UTF-8', 'C.utf8')
		from pg_database d where d.datname = current_database()`)
}

// reaching makes ErrBusy of every reason why no connection can be made: where it is the settings' fault, the program does
// not start; later it is the database's, or the way's to it.
type reaching struct{ driver.Connector }

// Connect implements driver.Connector.
func (r reaching) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, &resources.Error{Kind: resources.ErrBusy, Detail: unreachable, Cause: err}
	}
	return conn, nil
}

// dialer makes connections that notice when the other side is gone: without it a connection to a host that vanished would
// be waited for until TCP gives up, for a quarter of an hour. It implements pq.Dialer and pq.DialerContext.
type dialer struct{ *net.Dialer }

func newDialer() dialer {
	return dialer{&net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silence / 2, Interval: silence / 5, Count: 3},
		ControlContext:  limitSilence,
	}}
}

// DialTimeout implements pq.Dialer.
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// leave closes the connections that nobody uses. Each of the others makes itself known by the next write on it.
func (p *pool) leave() {
	p.SetMaxIdleConns(0)
	p.SetMaxIdleConns(p.idle)
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
