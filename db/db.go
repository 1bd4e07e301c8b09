package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
)

// Config says where the database is. The zero value of every field but Data is a good default.
type Config struct {
	// Data is the folder of the SQLite file and of the keyset file. Made when missing. Required unless URL and Keyset
	// are both set.
	Data string
	// URL is empty for SQLite in Data, or postgres://…
	URL string
	// Existing refuses a place that holds no database of Proprio with ErrNoDatabase, and makes nothing there.
	Existing bool
	// Connections bounds the connections to Postgres, or SQLite's readers. Default 16.
	Connections int
	// Keyset is the Tink keyset, as JSON, that seals secrets at rest. Empty: the file keyset.json in Data, made on first use.
	// Replicas that share one database must share one keyset.
	Keyset []byte
	// FindTime bounds one search that no index answers: past it the answer is resources.ErrTooMany, and the database is
	// free for others. Default 10 s.
	FindTime time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Trace hears of every statement and transaction. Default: nobody does.
	Trace Trace
	// Logger hears of migrations and retries. Default: none.
	Logger *slog.Logger
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect      dialect
	reader       *pool
	writer       *pool         // the same pool as reader on Postgres
	group        *group        // of SQLite's one writer; nil on Postgres
	checkpointer *checkpointer // of its log
	// writing is filled by the transactions that write on Postgres. Always fewer than the writer has connections, so a
	// transaction that has to prepare a new statement finds a connection to do it on.
	writing chan struct{}
	horizon horizon
	lines   lines // of changes that wait for one Group, on Postgres
	sealer  *Sealer
	types   *registries // of companies
	// milestones are kept along lists, beside the requests.
	milestones *milestones
	// authentications are what is known of tokens.
	authentications *authentications
	// sets are the attribute sets that entries of the record refer to.
	sets                   *attributeSets
	readTexts, columnTexts texts
	referring              referring
	searches               searches
	findTime               time.Duration
	now                    func() time.Time
	trace                  Trace
	logger                 *slog.Logger
}

// Open connects, brings the schema up to date and loads the keyset.
func Open(ctx context.Context, c Config) (*DB, error) {
	d, err := connect(c)
	if err != nil {
		return nil, err
	}
	if c.Existing {
		err = d.installed(ctx, c)
	}
	if err == nil {
		err = d.migrate(ctx)
	}
	if err == nil {
		d.sealer, err = loadSealer(c)
	}
	if err == nil {
		err = d.tryKeyset(ctx)
	}
	if err == nil && d.dialect.postgres {
		d.dialect.bytes, err = d.ordersBytes(ctx)
	}
	if err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// ErrNoDatabase says that there is no database of Proprio at a place.
var ErrNoDatabase = errors.New("there is no database of Proprio")

// installed refuses a database in which no schema was ever begun.
func (d *DB) installed(ctx context.Context, c Config) error {
	query := `select count(*) > 0 from sqlite_master where name = 'goose_db_version'`
	if d.dialect.postgres {
		query = `select to_regclass('goose_db_version') is not null`
	}
	var there bool
	err := d.get(ctx, nil, &there, query)
	if err == nil && !there {
		err = fmt.Errorf("%w in %s", ErrNoDatabase, c.place())
	}
	return err
}

// place is where the database is, without the password that leads there.
func (c Config) place() string {
	if c.URL == "" {
		return filepath.Join(c.Data, "proprio.db")
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return "the database that the URL leads to"
	}
	return fmt.Sprintf("the Postgres database %s on %s", strings.TrimPrefix(u.Path, "/"), cmp.Or(u.Host, u.Query().Get("host"), "localhost"))
}

// connect opens the database as it is.
func connect(c Config) (*DB, error) {
	c = c.withDefaults()
	if err := c.checkURL(); err != nil {
		return nil, err
	}
	d := newDB(c)
	if c.URL == "" {
		return d, d.openSQLite(c)
	}
	return d, d.openPostgres(c)
}

func (c Config) checkURL() error {
	if c.URL == "" || strings.HasPrefix(c.URL, "postgres://") || strings.HasPrefix(c.URL, "postgresql://") {
		return nil
	}
	return errors.New("database URL must start with postgres:// (leave it out for SQLite in the data folder)")
}

// newDB is a database without connections.
func newDB(c Config) *DB {
	return &DB{now: c.Now, trace: c.Trace, logger: c.Logger, findTime: c.FindTime, searches: newSearches(c.Connections), types: newRegistries(), milestones: newMilestones(),
		authentications: newAuthentications(), sets: newAttributeSets()}
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Connections <= 0 {
		c.Connections = 16
	}
	if c.FindTime <= 0 {
		c.FindTime = 10 * time.Second
	}
	return c
}

// Close ends all connections. Calls under way fail.
func (d *DB) Close() error {
	d.milestones.close()
	if d.group != nil {
		d.checkpointer.close()
		d.group.close()
	}
	err := d.reader.Close()
	if d.writer != d.reader {
		err = firstError(d.writer.Close(), err)
	}
	return err
}

// Ping tells whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	var one int
	err := d.get(ctx, nil, &one, `select 1`)
	if err != nil {
		return fmt.Errorf("database does not answer: %w", err)
	}
	return nil
}

// Postgres tells which of the two databases it is.
func (d *DB) Postgres() bool { return d.dialect.postgres }

// Sealer encrypts secrets at rest with the database's keyset.
func (d *DB) Sealer() *Sealer { return d.sealer }

// get reads one row into dest: a struct with db tags, or a single value. No row is resources.ErrNotFound. With a nil tx
// it reads outside any transaction, or in the one that the context carries.
func (d *DB) get(ctx context.Context, tx *sqlx.Tx, dest any, query string, args ...any) error {
	stmt, err := d.statement(ctx, tx, query)
	if err != nil {
		return mapError(err)
	}
	defer stmt.done()
	return d.failedRead(ctx, tx, mapError(stmt.failed(stmt.GetContext(ctx, dest, args...))))
}

// list reads all rows into dest, a pointer to a slice. With a nil tx it reads as get does.
func (d *DB) list(ctx context.Context, tx *sqlx.Tx, dest any, query string, args ...any) error {
	stmt, err := d.statement(ctx, tx, query)
	if err != nil {
		return mapError(err)
	}
	defer stmt.done()
	return d.failedRead(ctx, tx, mapError(stmt.failed(stmt.SelectContext(ctx, dest, args...))))
}

// exec writes within a transaction and returns how many rows it touched.
func (d *DB) exec(ctx context.Context, tx *sqlx.Tx, query string, args ...any) (int64, error) {
	stmt, err := d.statement(ctx, tx, query)
	if err != nil {
		return 0, mapError(err)
	}
	defer stmt.done()
	res, err := stmt.ExecContext(ctx, args...)
	if stmt.failed(err) != nil {
		return 0, mapError(err)
	}
	return res.RowsAffected()
}

// micros is how a time is stored: UTC microseconds since 1970, 0 for no time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros undoes micros.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// newID makes a UUIDv7: unique, and close to its neighbours in every index.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
