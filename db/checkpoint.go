package db

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// SQLite copies the write-ahead log into the database by itself whenever the log has a thousand pages (a checkpoint), and
// then begins it anew, if no reader happens to be in it. Under readers without a gap that may never be: so a log that has
// grown past logBytes is begun anew while the writer stands still.
const (
	logBytes    = 64 << 20               // also what is kept of the file then
	logInterval = time.Second            // between two looks at the log, and two tries
	logPatience = 100 * time.Millisecond // how long writers stand still at most for a reader who stays
)

// checkpointer keeps the log within bounds.
type checkpointer struct {
	group  *group
	reader *pool
	logger *slog.Logger

	wrote chan struct{} // holds one: something was committed
	stop  chan struct{}
	end   func() // closes stop, once
	ended chan struct{}

	begun, hindered atomic.Int64 // how often the log was begun anew, and how often a long read hindered that
}

func newCheckpointer(g *group, reader *pool, logger *slog.Logger) *checkpointer {
	c := &checkpointer{group: g, reader: reader, logger: logger,
		wrote: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{})}
	c.end = sync.OnceFunc(func() { close(c.stop) })
	g.committed = func() {
		select {
		case c.wrote <- struct{}{}:
		default:
		}
	}
	go c.run()
	return c
}

// run looks at the log after commits, never while nothing is written.
func (c *checkpointer) run() {
	defer close(c.ended)
	for {
		select {
		case <-c.wrote:
		case <-c.stop:
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := c.look(ctx)
		cancel()
		if err != nil {
			c.logger.Warn("the write-ahead log could not be looked at", "error", err)
		}
		select {
		case <-time.After(logInterval):
		case <-c.stop:
			return
		}
	}
}

func (c *checkpointer) close() {
	c.end()
	<-c.ended
}

// look begins the log anew when it is too long.
func (c *checkpointer) look(ctx context.Context) error {
	var busy, frames, copied, page int64
	err := c.reader.QueryRowContext(ctx, `pragma wal_checkpoint(noop)`).Scan(&busy, &frames, &copied)
	if err == nil {
		err = c.reader.QueryRowContext(ctx, `pragma page_size`).Scan(&page)
	}
	if err != nil || frames*page <= logBytes {
		return err
	}
	return c.group.quiet(ctx, func(l *link) error {
		err := l.connect()
		if err != nil {
			return err
		}
		hindered, err := l.restartLog(ctx)
		switch {
		case err != nil:
			return err
		case hindered:
			c.hindered.Add(1)
			c.logger.Warn("a long read keeps the write-ahead log from being begun anew", "bytes", frames*page)
		default:
			c.begun.Add(1)
			c.logger.Debug("the write-ahead log was begun anew", "bytes", frames*page)
		}
		return nil
	})
}

// restartLog copies the whole log into the database, and waits until readers have left it; hindered: they did not in time.
func (l *link) restartLog(ctx context.Context) (hindered bool, err error) {
	wait := func(d time.Duration) {
		if err == nil {
			_, err = l.conn.ExecContext(ctx, busyTimeout(d))
		}
	}
	wait(logPatience)
	var frames, copied int64
	if err == nil {
		err = l.conn.QueryRowContext(ctx, `pragma wal_checkpoint(restart)`).Scan(&hindered, &frames, &copied)
	}
	if err != nil {
		l.drop() // its patience is not known
		return false, err
	}
	wait(fileLockPatience)
	return hindered, err
}
