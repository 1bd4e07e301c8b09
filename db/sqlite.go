package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"

	"proprio/resources"
)

// openSQLite opens the file proprio.db: a writer whose transactions take the write lock when they begin, and readers
// that see the last commit and never wait for it (WAL). A commit is on the disk when it returns (synchronous=FULL).
// Other processes may have the file open: a lock of theirs is waited for.
func (d *DB) openSQLite(c Config) error {
	if c.Data == "" {
		return errors.New("a data folder is needed for SQLite (or give a postgres:// URL)")
	}
	err := c.makeData()
	if err != nil {
		return err
	}
	drv, err := sqliteDriver()
	if err != nil {
		return err
	}
	file := filepath.Join(c.Data, "proprio.db")
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600) // SQLite's own files beside it take its mode
	if err != nil {
		return fmt.Errorf("database file: %w", err)
	}
	err = f.Close()
	if err != nil {
		return fmt.Errorf("database file: %w", err)
	}
	pragmas := []string{fmt.Sprintf("busy_timeout(%d)", fileLockPatience.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}
	// What a savepoint would restore is kept in memory: as a temporary file it cost more writing than the log itself. The
	// cache (KiB) holds the upper levels of every index.
	writing := slices.Concat(pragmas, []string{"temp_store(MEMORY)", "cache_size(-16000)",
		fmt.Sprintf("journal_size_limit(%d)", logBytes)})
	writer := url.Values{"_txlock": {"immediate"}, "_pragma": writing}
	reader := url.Values{"_pragma": slices.Concat(pragmas, []string{"query_only(1)"})}
	d.dialect = dialect{bytes: true}
	d.writer = openPool(connector{drv, sqliteDSN(file, writer)}, "sqlite", 2)
	d.reader = openPool(connector{drv, sqliteDSN(file, reader)}, "sqlite", c.Connections)
	d.group = newGroup(&link{pool: d.writer})
	d.checkpointer = newCheckpointer(d.group, d.reader, d.logger)
	return nil
}

// makeData makes the data folder, unless the database has to be in it already.
func (c Config) makeData() error {
	if c.Existing {
		_, err := os.Stat(c.place())
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %s is missing", ErrNoDatabase, c.place())
		}
		return err
	}
	err := os.MkdirAll(c.Data, 0o700)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// fileLockPatience is how long a lock of another process is waited for.
const fileLockPatience = 10 * time.Second

func busyTimeout(d time.Duration) string {
	return fmt.Sprintf("pragma busy_timeout = %d", d.Milliseconds())
}

func sqliteDSN(file string, params url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: params.Encode()}).String()
}

// sqliteDriver makes a driver that knows the functions that Postgres has built in: fold (resources.Fold), and instant
// (resources.Instant as microseconds since 1970, null when it is none).
func sqliteDriver() (*sqlite.Driver, error) {
	drv := &sqlite.Driver{}
	err := drv.RegisterDeterministicScalarFunction("fold", 1, textFunction(func(s string) driver.Value {
		return resources.Fold(s)
	}))
	if err != nil {
		return nil, fmt.Errorf("sqlite function fold: %w", err)
	}
	err = drv.RegisterDeterministicScalarFunction("instant", 1, textFunction(func(s string) driver.Value {
		t, ok := resources.Instant(s)
		if !ok {
			return nil
		}
		return t.UnixMicro()
	}))
	if err != nil {
		return nil, fmt.Errorf("sqlite function instant: %w", err)
	}
	return drv, nil
}

// textFunction gives null for whatever is not text.
func textFunction(f func(string) driver.Value) func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
	return func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		s, ok := args[0].(string)
		if !ok {
			return nil, nil
		}
		return f(s), nil
	}
}

// connector opens connections of a driver that is not registered under a global name.
type connector struct {
	drv driver.Driver
	dsn string
}

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	err := ctx.Err()
	if err != nil {
		return nil, err
	}
	return c.drv.Open(c.dsn)
}

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.drv }

func openPool(c driver.Connector, name string, connections int) *pool {
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return newPool(sqlx.NewDb(db, name))
}
