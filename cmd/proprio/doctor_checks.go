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

// What is too little, too much, or too long ago.
const (
	lowDisk       = 1 << 30 // bytes; also a tenth of the disk
	noDisk        = 64 << 20
	clockApart    = 2 * time.Second
	largeWAL      = 256 << 20
	backupAge     = 24 * time.Hour
	workAge       = 15 * time.Minute
	dutyLate      = 10 * time.Minute
	connectionUse = 0.8 // of those that Postgres lets in
)

func (x patient) database(ctx context.Context) finding {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	start := x.now()
	name, err := x.d.Server(ctx)
	if err != nil {
		return wrong("database", "is it running, and is --database right?", "does not answer: %v", err)
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
	free, size, err := diskSpace(x.data)
	advice := "make room on the disk of " + x.data
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return fine("disk", "not looked at on this system")
	case err != nil:
		return wrong("disk", "see --data", "%s: %v", x.data, err)
	case free < noDisk:
		return wrong("disk", advice, "%s left: no more can be written soon", bytesText(free))
	case free < lowDisk || free < size/10:
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
	case info.Size() > largeWAL:
		return beware("wal", "somebody reads for long (a backup?) or keeps the file open: it shrinks when that ends, at the latest when "+
			"the server starts again", "the write-ahead log has %s", bytesText(info.Size()))
	}
	return fine("wal", "%s", bytesText(info.Size()))
}

func (x patient) file(ctx context.Context) finding {
	if err := x.d.CheckFile(ctx, x.deep); err != nil {
		return wrong("file", "stop the server, keep a copy of the data folder, and restore the last backup", "%v", err)
	}
	if x.deep {
		return fine("file", "sound, and every index fits its table")
	}
	return fine("file", "sound (--deep compares the indexes too)")
}

// clock compares the clocks of this machine and of the database, by which replicas measure their leases.
func (x patient) clock(ctx context.Context) finding {
	before := x.now()
	theirs, err := x.d.Clock(ctx)
	after := x.now()
	if err != nil {
		return x.unable("clock", err)
	}
	// The reading lies between before and after; what it is outside of them is the least that the clocks are apart.
	apart := max(before.Sub(theirs), theirs.Sub(after), 0)
	advice := "let both machines take their time from NTP"
	switch {
	case before.Year() < 2025:
		return wrong("clock", advice, "this machine believes that it is %s", before.Format(time.RFC3339))
	case apart > clockApart:
		return beware("clock", advice, "this machine's clock and the database's are %s apart", apart.Round(time.Millisecond))
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
	tables, err := x.d.Bloat(ctx)
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
	case float64(used) > connectionUse*float64(most):
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
	if age > backupAge {
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
		if !q.Oldest.IsZero() && x.now().Sub(q.Oldest) > workAge {
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
		if d.Late > dutyLate {
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
