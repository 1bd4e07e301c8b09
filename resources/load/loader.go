package load

import (
	"context"
	"errors"
	"hash/maphash"
	"io"

	"proprio/resources"
)

// Loader brings rows into a company's directory. It may run while others change the directory, and again after it was
// broken off: what is there by its userName, a Group by its displayName, or either by its externalId, is not made twice.
//
// A batch of rows is one transaction, and so is what it changes of resources that are there; a row that is refused holds
// up no other. The members of a Group past the first thousand are added in further transactions.
type Loader struct {
	Directory *resources.Directory
	Caller    resources.Caller
	Type      *resources.ResourceType // User or Group
	Update    bool                    // merge a row into the resource that is there; else it is only told that it is
	DryRun    bool                    // everything is done, and then undone
	Tell      func(Told)              // of each row, in no particular order
	Progress  func(Totals)            // after each batch

	totals  Totals
	seed    maphash.Seed
	seen    map[uint64]bool // of a dry run: what would be there, by hash of its name
	waiting *waiting
	later   bool   // the rows that come have waited
	last    bool   // and wait no longer: what they refer to is not there
	group   string // id of the Group whose further members come; empty: they are not wanted
}

// Bounds of a batch.
const (
	batchRows    = 500
	batchMembers = 5000
)

// Load reads a file to its end. An error says where it was broken off: the totals tell how far it came.
func (l *Loader) Load(ctx context.Context, source Source) (Totals, error) {
	l.totals, l.seen, l.seed = Totals{}, map[uint64]bool{}, maphash.MakeSeed()
	l.waiting, l.later, l.last, l.group = &waiting{}, false, false, ""
	defer func() { l.waiting.close() }()
	err := l.pass(ctx, source)
	for l.later = true; err == nil && l.waiting.n > 0; {
		before := l.waiting
		l.waiting = &waiting{}
		if err = before.rewind(); err == nil {
			err = l.pass(ctx, before)
		}
		l.last = l.waiting.n == before.n // what still waits, waits for nothing that came
		before.close()
	}
	return l.totals, err
}

// pass takes the rows of a source in batches. The next batch is read while one is written.
func (l *Loader) pass(ctx context.Context, source Source) error {
	ctx, cancel := context.WithCancel(ctx)
	batches, reading := make(chan []Row, 1), make(chan error, 1)
	go func() {
		defer close(batches)
		reading <- readBatches(ctx, source, batches)
	}()
	var err error
	for rows := range batches {
		if before := l.totals; err == nil {
			if err = l.batch(ctx, rows); err != nil {
				l.totals = before
			}
		}
		if err != nil {
			cancel()
			continue // until the reader has stopped
		}
		if l.Progress != nil {
			l.totals.Waiting = l.waiting.n
			l.Progress(l.totals)
		}
	}
	cancel()
	if ended := <-reading; err == nil {
		err = ended
	}
	return err
}

func readBatches(ctx context.Context, source Source, batches chan<- []Row) error {
	for {
		var rows []Row
		var err error
		for members := 0; err == nil && len(rows) < batchRows && members < batchMembers; {
			var row Row
			if row, err = source.Next(); err == nil {
				rows, members = append(rows, row), members+len(row.Members)
			}
		}
		if len(rows) > 0 {
			select {
			case batches <- rows:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// tell notes what became of a row.
func (l *Loader) tell(told Told) {
	l.totals.count(told)
	if l.Tell != nil {
		l.Tell(told)
	}
}

// would notes that a dry run would have made something, and saw says whether it would.
func (l *Loader) would(name string) { l.seen[maphash.String(l.seed, name)] = true }
func (l *Loader) saw(name string) bool {
	return l.DryRun && l.seen[maphash.String(l.seed, name)]
}
