package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"proprio/resources"
)

// bounds are what is too little, too much, or too long ago.
type bounds struct {
	lowDisk, noDisk int64 // bytes; less than a tenth of the disk is low, too
	clockApart      time.Duration
	largeWAL        int64   // bytes of SQLite's log
	walTimes        float64 // Postgres' log, of max_wal_size
	heldWAL         int64   // bytes that a replication slot holds back
	deadRows        int64   // of a table, when they are one in four also
	connectionUse   float64 // of those that Postgres lets in
	backupAge       time.Duration
	workAge         time.Duration
	dutyLate        time.Duration
}

func usualBounds() bounds {
	return bounds{
		lowDisk: 1 << 30, noDisk: 64 << 20, clockApart: 2 * time.Second, largeWAL: 256 << 20, walTimes: 2, heldWAL: 1 << 30,
		deadRows: 10_000, connectionUse: 0.8, backupAge: 24 * time.Hour, workAge: 15 * time.Minute, dutyLate: 10 * time.Minute,
	}
}

// restoreAdvice is what to do when SQLite's file is damaged.
const restoreAdvice = "stop the server, keep a copy of the data folder, and restore the last backup (proprio restore)"

func (x patient) database(ctx context.Context) finding {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	start := x.now()
	name, err := x.d.Server(ctx)
	if err != nil {
		advice := restoreAdvice
		if x.d.Postgres() {
			advice = "is it running, and is --database right?"
		}
		return wrong("database", advice, "does not answer: %v", err)
	}
	return fine("database", "%s answers in %s", name, x.now().Sub(start).Round(10*time.Microsecond))
}

func (x patient) schema(ctx context.Context) finding {
	have, want, err := x.d.Schema(ctx)
	switch {
	case err != nil:
		return x.unable("schema", err)
	case have < want:
		return beware("schema", "start the server of this version once: it brings the schema up to date", "version %d; this program makes %d", have, want)
	case have > want:
		return beware("schema", "use the newer version of proprio", "version %d, which is newer than this program's %d", have, want)
	}
	return fine("schema", "version %d", have)
}

func (x patient) disk() finding {
	free, size, err := x.space(x.data)
	advice := "make room on the disk of " + x.data
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return fine("disk", "not looked at on this system")
	case err != nil:
		return wrong("disk", "see --data", "%s: %v", x.data, err)
	case free < x.bounds.noDisk:
		return wrong("disk", advice, "%s left: no more can be written soon", bytesText(free))
	case free < x.bounds.lowDisk || free < size/10:
		return beware("disk", advice, "%s of %s left", bytesText(free), bytesText(size))
	}
	return fine("disk", "%s of %s left", bytesText(free), bytesText(size))
}

func (x patient) wal() finding {
	info, err := os.Stat(filepath.Join(x.data, "proprio.db-wal"))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fine("wal", "empty")
	case err != nil:
		return x.unable("wal", err)
	case info.Size() > x.bounds.largeWAL:
		return beware("wal", "somebody reads for long (a backup?) or keeps the file open: it shrinks when that ends, at the latest when "+
			"the server starts again", "the write-ahead log has %s", bytesText(info.Size()))
	}
	return fine("wal", "%s", bytesText(info.Size()))
}

// serverWAL looks at Postgres' log: at its size where that may be asked, and at what replication slots hold back of it.
func (x patient) serverWAL(ctx context.Context) finding {
	log, err := x.d.ServerLog(ctx)
	if err != nil {
		return x.unable("wal", err)
	}
	size := "its size may be seen with pg_monitor only"
	if log.Seen {
		size = bytesText(log.Size)
	}
	switch {
	case log.Slot != "" && log.Held > x.bounds.heldWAL:
		return beware("wal", "does who reads that slot run? drop the slot if nobody does, before the server's disk is full (pg_replication_slots)",
			"the replication slot %s holds %s of the write-ahead log back", log.Slot, bytesText(log.Held))
	case log.Seen && float64(log.Size) > x.bounds.walTimes*float64(log.Usual):
		return beware("wal", "does archive_command fail (pg_stat_archiver), or is a checkpoint late?",
			"the write-ahead log has %s; max_wal_size is %s", size, bytesText(log.Usual))
	}
	return fine("wal", "%s; no replication slot holds much back", size)
}

func (x patient) file(ctx context.Context) finding {
	if err := x.d.CheckFile(ctx, x.deep); err != nil {
		return wrong("file", restoreAdvice, "%v", err)
	}
	if x.deep {
		return fine("file", "sound, and every index fits its table")
	}
	return fine("file", "sound (--deep compares the indexes too)")
}

// clock compares the clocks of this machine and of the database, by which replicas measure their leases, and both with the
// record: SQLite's clock is this machine's, and what was written cannot be of a time to come.
func (x patient) clock(ctx context.Context) finding {
	before := x.now()
	theirs, err := x.d.Clock(ctx)
	after := x.now()
	var newest time.Time
	if err == nil {
		newest, err = x.d.Recorded(ctx)
	}
	if err != nil {
		return x.unable("clock", err)
	}
	// The reading lies between before and after; what it is outside of them is the least that the clocks are apart.
	apart := max(before.Sub(theirs), theirs.Sub(after), 0)
	advice := "let both machines take their time from NTP"
	switch {
	case before.Year() < 2025:
		return wrong("clock", advice, "this machine believes that it is %s", before.Format(time.RFC3339))
	case apart > x.bounds.clockApart:
		return beware("clock", advice, "this machine's clock and the database's are %s apart", apart.Round(time.Millisecond))
	case newest.Sub(after) > x.bounds.clockApart:
		return beware("clock", advice+"; what is written now gets earlier times than what was", "the newest entry of the record is of %s, and it is %s",
			newest.UTC().Format(time.RFC3339), after.UTC().Format(time.RFC3339))
	}
	return fine("clock", "%s, as the database's", before.UTC().Format(time.RFC3339))
}

func (x patient) keyset(ctx context.Context) finding {
	s, err := x.d.TrySecrets(ctx)
	switch {
	case err != nil:
		return x.unable("keyset", err)
	case !s.Keyset && s.Tried == 0:
		return fine("keyset", "none yet; it is made when the server starts")
	case !s.Keyset:
		return wrong("keyset", "put keyset.json in the data folder, or set PROPRIO_KEYSET_FILE", "there is none, and there are sealed secrets")
	case s.Tried > 0 && !s.Opened:
		return wrong("keyset", "restore the former keyset, or enter the apps' tokens and client secrets again",
			"it opens none of the newest %d secrets: it is another installation's, or was made anew", s.Tried)
	case s.Tried > 0:
		return fine("keyset", "it opens the secrets")
	}
	return fine("keyset", "there; nothing is sealed yet")
}

func (x patient) indexes(ctx context.Context) finding {
	n, faults, err := x.d.Indexes(ctx)
	switch {
	case err != nil:
		return x.unable("indexes", err)
	case len(faults) > 0:
		return wrong("indexes", "start the server again: it makes what is missing; else see CREATE INDEX in the migrations", "%s", strings.Join(faults, ", "))
	}
	return fine("indexes", "all %d are there", n)
}

func (x patient) bloat(ctx context.Context) finding {
	tables, err := x.d.Bloat(ctx, x.bounds.deadRows)
	switch {
	case err != nil:
		return x.unable("dead rows", err)
	case len(tables) > 0:
		return beware("dead rows", "autovacuum does not keep up: see autovacuum_vacuum_scale_factor, and transactions that stay open", "%s",
			strings.Join(tables, ", "))
	}
	return fine("dead rows", "few")
}

func (x patient) sessions(ctx context.Context) finding {
	most, used, own, err := x.d.Sessions(ctx)
	switch {
	case err != nil:
		return x.unable("pool", err)
	case float64(used) > x.bounds.connectionUse*float64(most):
		return beware("pool", "raise max_connections, or run fewer replicas: each takes as many as its pool is large",
			"%d of %d connections are taken, %d of them to this database", used, most, own)
	}
	return fine("pool", "%d of %d connections are taken, %d of them to this database", used, most, own)
}

func (x patient) totals(ctx context.Context) finding {
	wrongTotals, err := x.d.Miscounts(ctx)
	switch {
	case err != nil:
		return x.unable("totals", err)
	case len(wrongTotals) > 0:
		w := wrongTotals[0]
		return beware("totals", "the server counts again within a day", "the kept totals of %d lists are wrong, of the %ss of company %s for one",
			len(wrongTotals), w.Type, w.Company)
	}
	return fine("totals", "as counted")
}

func (x patient) backups(ctx context.Context) finding {
	const advice = "proprio backup, each night (docs/backup.md)"
	b, err := x.d.LastBackup(ctx)
	switch {
	case errors.Is(err, resources.ErrNotFound):
		return beware("backup", advice, "none was made yet")
	case err != nil:
		return x.unable("backup", err)
	}
	age := x.now().Sub(b.Taken)
	if age > x.bounds.backupAge {
		return beware("backup", advice, "the last one is %s old: %s", age.Round(time.Minute), b.File)
	}
	return fine("backup", "%s old, %s: %s", age.Round(time.Minute), bytesText(b.Size), b.File)
}

func (x patient) waiting(ctx context.Context) finding {
	queues, err := x.d.Queues(ctx)
	if err != nil {
		return x.unable("waiting", err)
	}
	var old []string
	for _, q := range queues {
		if !q.Oldest.IsZero() && x.now().Sub(q.Oldest) > x.bounds.workAge {
			old = append(old, q.Name+" since "+q.Oldest.Format(time.RFC3339))
		}
	}
	if len(old) > 0 {
		return beware("waiting", "does the server run, and do the apps and receivers answer? proprio app status", "%s", strings.Join(old, ", "))
	}
	return fine("waiting", "nothing for long")
}

func (x patient) duties(ctx context.Context) finding {
	duties, err := x.d.Duties(ctx)
	if err != nil {
		return x.unable("duties", err)
	}
	var late, failed []string
	for _, d := range duties {
		if d.Late > x.bounds.dutyLate {
			late = append(late, d.Name+" is due since "+d.Late.Round(time.Minute).String())
		}
		if d.Outcome != "" {
			failed = append(failed, d.Name+" failed: "+d.Outcome)
		}
	}
	switch {
	case len(late) > 0:
		return beware("duties", "is a server running?", "%s", strings.Join(append(late, failed...), ", "))
	case len(failed) > 0:
		return beware("duties", "see the server's log", "%s", strings.Join(failed, ", "))
	}
	return fine("duties", "none is late")
}
