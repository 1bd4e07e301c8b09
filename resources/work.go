package resources

import (
	"context"

	"proprio/resources/filter"
)

// maxWork bounds what one request may look at, in units of some six nanoseconds, so that no body, with what it takes to
// decode and write it, keeps a processor busy for longer than a tenth of a second. A megabyte can ask for a minute: a thousand operations, each with a filter,
// on a list of ten thousand values. What identity providers send needs a hundredth of the limit; one filter that takes
// somebody out of a Group of a million, nearly all.
const maxWork = 12_000_000

// What things cost, in units of work.
const (
	memberWork  = 10  // to look at a member
	valueWork   = 150 // to look at a value of a list and put it back among the others
	changeWork  = 300 // to make another value of it
	textWork    = 40  // to compare a value's text
	addressWork = 150 // to compare an e-mail address, whose domain has to be brought into form
)

// work counts what the changes of one request have compared. It is not safe for concurrent use.
type work struct {
	done  int
	ended func() error // why the request is over already; nil: nobody can say
}

type workKey struct{}

// WithWork makes all changes under a context share one bound of work. Whoever takes several changes from one request, as
// bulk does (RFC 7644 §3.7), needs it: else each of them may cost what the whole request may. The changes must be made
// one after the other.
func WithWork(ctx context.Context) context.Context {
	return context.WithValue(ctx, workKey{}, &work{ended: ctx.Err})
}

// MarkWork returns a function that forgets what the changes under a context have spent since: for changes that the database
// has undone and that are made again.
func MarkWork(ctx context.Context) (forget func()) {
	w := workOf(ctx)
	done := w.done
	return func() { w.done = done }
}

// workOf is the work that the changes under a context share, or that of one change alone.
func workOf(ctx context.Context) *work {
	if shared, ok := ctx.Value(workKey{}).(*work); ok {
		return shared
	}
	return &work{ended: ctx.Err}
}

// spend notes that some values are looked at, which costs that much each, unless that would be too much (ErrTooLarge) or
// the request is over, for the database is not asked meanwhile. It is asked before the work is done.
func (w *work) spend(path string, values, each int) error {
	if w.ended != nil {
		if err := w.ended(); err != nil {
			return err
		}
	}
	w.done += values * each
	if w.done <= maxWork {
		return nil
	}
	return Errorf(ErrTooLarge, path,
		"The request compares too many values of %s. Send fewer operations, values or filter terms in one request.", path)
}

// holding is what it costs to look at one value of an attribute and put it back.
func (a *Attribute) holding() int {
	if a.holdsAddresses() {
		return valueWork + addressWork
	}
	return valueWork
}

// looking is what it costs to ask a filter of it besides.
func (a *Attribute) looking(where filter.Expression) int {
	each := textWork
	if a.holdsAddresses() {
		each = addressWork
	}
	return a.holding() + comparisons(where)*each
}

func (a *Attribute) holdsAddresses() bool { return a.Schema == SchemaUser && a.Name == "emails" }

// comparisons counts the comparisons of a filter.
func comparisons(e filter.Expression) int {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return comparisons(e.Left) + comparisons(e.Right)
	case *filter.NotExpression:
		return comparisons(e.Expression)
	case *filter.AttributeExpression:
		return 1
	}
	return 0
}
