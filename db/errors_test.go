package db_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// A database that is away, starting, stopping, demoted, full or too slow is no fault of the request, and nobody is told that
// something does not exist or is taken: try again later.
func TestErrors_ofADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	network := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	busy := map[string]error{
		"bad connection":        driver.ErrBadConn,
		"wrapped":               fmt.Errorf("query: %w", driver.ErrBadConn),
		"end of file":           io.EOF,
		"unexpected EOF":        io.ErrUnexpectedEOF,
		"refused":               network(os.NewSyscallError("connect", syscall.ECONNREFUSED)),
		"reset":                 network(os.NewSyscallError("read", syscall.ECONNRESET)),
		"broken pipe":           network(os.NewSyscallError("write", syscall.EPIPE)),
		"no answer to a dial":   network(os.ErrDeadlineExceeded),
		"several hosts":         fmt.Errorf("pq: could not connect to any of the hosts:\n%w", errors.Join(network(syscall.ECONNREFUSED))),
		"closed connection":     sql.ErrConnDone,
		"rolled back meanwhile": sql.ErrTxDone,
		"took too long":         context.DeadlineExceeded,
	}
	for _, code := range []string{"57P01", "57P02", "57P03", "57P04", "57P05", "57014", "25006", "0A000", "25P03", "40001", "40P01", "55P03",
		"53300", "53100", "53200", "08000", "08003", "08006"} {
		busy[code] = &pq.Error{Code: pqerror.Code(code), Severity: "FATAL"}
	}
	for name, err := range busy {
		mapped := db.MapError(err)
		if !errors.Is(mapped, resources.ErrBusy) || !errors.Is(mapped, err) {
			t.Errorf("%s: %v, want ErrBusy with its cause", name, mapped)
		}
	}
	for name, err := range map[string]error{
		"a client that left":           context.Canceled,
		"while it connected":           network(context.Canceled),
		"a statement that is at fault": &pq.Error{Code: "42703"},
	} {
		if mapped := db.MapError(err); errors.Is(mapped, resources.ErrBusy) {
			t.Errorf("%s: %v, want no ErrBusy", name, mapped)
		}
	}
}

// A connection has bounds for what nobody waits for any more; the URL may give others.
func TestPostgresDefaults(t *testing.T) {
	t.Parallel()
	dsn := dbtest.PostgresURL(t)
	for more, want := range map[string]string{"": "10min 1min", "&statement_timeout=5000": "5s 1min"} {
		d := dbtest.Open(t, db.Config{Data: t.TempDir(), URL: dsn + more})
		got := db.Strings(t, d, `select current_setting('statement_timeout') || ' ' || current_setting('idle_in_transaction_session_timeout')`)
		if len(got) != 1 || got[0] != want {
			t.Errorf("%q: %q, want %q", more, got, want)
		}
	}
}
