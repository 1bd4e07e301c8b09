package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"proprio/resources"
)

// mapError turns what the drivers return into domain errors where a caller can do something about it: no row into
// ErrNotFound, a taken unique key into ErrUniqueness, a reference to a row that is gone into ErrNotFound, text that the
// database cannot hold into ErrInvalidValue, a database that cannot be reached, has no room or takes too long into
// ErrBusy. Whether a write whose COMMIT was not answered is in place cannot be told: that is ErrBusy too, and who tries
// again finds out. Anything else stays as it is. The driver's error remains in the chain.
func mapError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return &resources.Error{Kind: resources.ErrNotFound, Cause: err}
	}
	var domain *resources.Error
	if errors.As(err, &domain) {
		return err
	}
	detail, kind := classify(err)
	if kind == nil {
		return err
	}
	return &resources.Error{Kind: kind, Detail: detail, Cause: err}
}

func classify(err error) (detail string, kind error) {
	var p *pq.Error
	if errors.As(err, &p) {
		return classifyPostgres(string(p.Code))
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		return classifySQLite(s.Code())
	}
	if !errors.Is(err, context.Canceled) && away(err) {
		return unreachable, resources.ErrBusy
	}
	return "", nil
}

const unreachable = "the database cannot be reached; try again later"

// away tells whether an error means that the database, or the way to it, is gone or too slow. lib/pq gives ErrBadConn for
// most of it; what it meets in the middle of an answer, or while it connects, it gives as it is.
func away(err error) bool {
	for _, sign := range []error{
		driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF, sql.ErrConnDone, context.DeadlineExceeded,
		sql.ErrTxDone, // the request's time was over, and database/sql rolled back
	} {
		if errors.Is(err, sign) {
			return true
		}
	}
	var network net.Error
	return errors.As(err, &network)
}

// classifyPostgres knows the codes of the manual's appendix A.
func classifyPostgres(code string) (detail string, kind error) {
	switch {
	case code == "23505":
		return "already in use", resources.ErrUniqueness
	case code == "23503":
		return "refers to something that does not exist", resources.ErrNotFound
	case code == "22021", code == "22P05": // a NUL character, or bytes that are not UTF-8
		return "a text holds a character that cannot be stored (NUL, or not UTF-8)", resources.ErrInvalidValue
	case strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "08"): // shut down, starting; connection
		return unreachable, resources.ErrBusy
	case code == "25006", code == "0A000", code == "25P03": // read-only, as after a failover: see demoted; idle for too long
		return unreachable, resources.ErrBusy
	case code == "40001", code == "40P01", code == "55P03", code == "57014": // in others' way, for too long
		return "the database is contended; try again later", resources.ErrBusy
	case code == "53100":
		return "the database's disk is full; try again later", resources.ErrFull
	case strings.HasPrefix(code, "53"): // out of memory, too many connections
		return "the database has no room left; try again later", resources.ErrBusy
	}
	return "", nil
}

func classifySQLite(code int) (detail string, kind error) {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return "already in use", resources.ErrUniqueness
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return "refers to something that does not exist", resources.ErrNotFound
	}
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "the database is in use by another process; try again later", resources.ErrBusy
	case sqlite3.SQLITE_FULL:
		return "the disk is full; try again later", resources.ErrFull
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return "the database's files cannot be used at present; try again later", resources.ErrBusy
	}
	return "", nil
}

// constraint tells whether an error is a violation that involves the named column or constraint.
func constraint(err error, name string) bool {
	var p *pq.Error
	if errors.As(err, &p) {
		return strings.Contains(p.Constraint, name)
	}
	var s *sqlite.Error
	return errors.As(err, &s) && strings.Contains(s.Error(), name)
}

// retryable tells whether the same transaction may succeed when run again.
func retryable(err error) bool {
	var p *pq.Error
	if errors.As(err, &p) {
		return p.Code == "40001" || p.Code == "40P01"
	}
	var s *sqlite.Error
	if errors.As(err, &s) {
		primary := s.Code() & 0xff
		return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
	}
	return false
}

// demoted tells whether the server that a connection leads to takes no writes any more: another one does since a failover.
// A standby refuses to begin a transaction that writes as a feature it does not have.
func demoted(err error) bool {
	var p *pq.Error
	return errors.As(err, &p) && (p.Code == pqerror.ReadOnlySQLTransaction || p.Code == pqerror.FeatureNotSupported)
}
