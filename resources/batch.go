package resources

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"proprio/audit"
)

// Outcome is what became of one of several resources: a result, or why it was refused.
type Outcome struct {
	Result *Result
	Err    error
}

// CreateMany creates resources of one type, each as Create does, in one transaction: those that are good, whatever
// becomes of the others. It is for a load, in batches of some hundred: the whole batch is held against the rules at once,
// and written at once. The outcomes are in the order of the inputs. An error says that nothing was written.
//
// What a resource refers to must be there before the batch.
func (d *Directory) CreateMany(ctx context.Context, c Caller, typ string, inputs []Input) ([]Outcome, error) {
	return d.createMany(ctx, c, typ, inputs, nil)
}

// errTried takes back what was only tried.
var errTried = errors.New("it was only tried")

// TryMany does what CreateMany does, and undoes it: the outcomes are what would have been.
func (d *Directory) TryMany(ctx context.Context, c Caller, typ string, inputs []Input) ([]Outcome, error) {
	outcomes, err := d.createMany(ctx, c, typ, inputs, errTried)
	if errors.Is(err, errTried) {
		return outcomes, nil
	}
	return nil, err
}

// createMany ends the transaction with end: nil commits it.
func (d *Directory) createMany(ctx context.Context, c Caller, typ string, inputs []Input, end error) ([]Outcome, error) {
	rt, err := d.resourceType(ctx, c, typ)
	if err != nil {
		return nil, err
	}
	b := &batch{Directory: d, caller: c, rt: rt, inputs: inputs, rows: make([]batchRow, len(inputs))}
	b.each(func(row *batchRow, in Input) error {
		row.pending = pending{Directory: d, caller: c, action: audit.ActionCreate, id: d.NewID(), next: d.draft(ctx, rt, c, nil)}
		return row.next.assign(in)
	})
	if err := b.knowReferences(ctx); err != nil {
		return nil, err
	}
	b.each(func(row *batchRow, _ Input) (err error) {
		row.members, err = row.prepare(ctx)
		return err
	})
	if err := b.fault(ctx); err != nil {
		return nil, err
	}
	var outcomes []Outcome
	err = d.Store.Together(ctx, func(ctx context.Context) error {
		var err error
		if outcomes, err = b.write(ctx); err != nil {
			return err
		}
		return end
	})
	return outcomes, err
}

// batch is resources that are created together.
type batch struct {
	*Directory
	caller Caller
	rt     *ResourceType
	inputs []Input
	rows   []batchRow
}

type batchRow struct {
	pending
	members *MemberChange
	err     error
}

// each does something with the rows that are good so far, on all processors.
func (b *batch) each(do func(row *batchRow, in Input) error) {
	var next atomic.Int64
	var work sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(b.rows)) {
		work.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(b.rows); i = int(next.Add(1)) - 1 {
				if row := &b.rows[i]; row.err == nil {
					row.err = do(row, b.inputs[i])
				}
			}
		})
	}
	work.Wait()
}

// knowReferences looks up at once what all rows refer to.
func (b *batch) knowReferences(ctx context.Context) error {
	var ids []string
	seen := map[string]bool{}
	note := func(id string) {
		if id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	references := b.rt.References()
	for i := range b.rows {
		row := &b.rows[i]
		if row.err != nil {
			continue
		}
		for _, a := range references {
			note(referred(row.next.doc, a))
		}
		if row.next.members != nil {
			for _, id := range row.next.members.added() {
				note(id)
			}
		}
	}
	known := knownNames{Store: b.Store, named: map[string]Named{}, asked: seen}
	if len(ids) > 0 {
		var err error
		if known.named, err = b.Store.Named(ctx, b.caller, ids); err != nil {
			return err
		}
	}
	directory := *b.Directory
	directory.Store = known
	for i := range b.rows {
		b.rows[i].Directory = &directory
	}
	return nil
}

// fault is what makes the batch as a whole fail: anything but a refusal of a row.
func (b *batch) fault(ctx context.Context) error {
	for i := range b.rows {
		if err := b.rows[i].err; err != nil && !isRefusal(err) {
			return err
		}
	}
	return ctx.Err()
}

// isRefusal says whether an error is about what was sent, so that others may do better.
func isRefusal(err error) bool {
	var domain *Error
	return errors.As(err, &domain) && !errors.Is(err, ErrBusy)
}

// write writes the good rows at once, or, when one of them cannot be, one after the other. It may be run again.
func (b *batch) write(ctx context.Context) ([]Outcome, error) {
	outcomes := make([]Outcome, len(b.rows))
	var good []int
	var changes []Change
	for i := range b.rows {
		row := &b.rows[i]
		if outcomes[i].Err = row.err; row.err == nil {
			good, changes = append(good, i), append(changes, row.change(row.members))
		}
	}
	if len(good) == 0 {
		return outcomes, nil
	}
	applied, err := b.Store.Apply(ctx, b.caller, changes...)
	if err != nil && !isRefusal(err) && !isRulesChanged(err) {
		return nil, err
	}
	for n, i := range good {
		row, o := &b.rows[i], &outcomes[i]
		if err == nil {
			o.Result = row.applied(changes[n], applied[n])
			o.Err = row.await(ctx, row.members, o.Result)
		} else {
			o.Result, o.Err = b.Directory.create(ctx, &row.pending, b.inputs[i])
		}
		if o.Err != nil && !isRefusal(o.Err) {
			return nil, o.Err
		}
	}
	return outcomes, nil
}

// knownNames is a store of which it was asked before what some ids are.
type knownNames struct {
	Store
	named map[string]Named
	asked map[string]bool
}

// Named implements Store.
func (k knownNames) Named(ctx context.Context, c Caller, ids []string) (map[string]Named, error) {
	for _, id := range ids {
		if !k.asked[id] {
			return k.Store.Named(ctx, c, ids)
		}
	}
	return k.named, nil
}
