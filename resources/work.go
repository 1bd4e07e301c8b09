package resources

import "proprio/resources/filter"

// maxWork bounds what one change may compare, counted in comparisons of a filter with a value. A body of a megabyte can
// ask for a billion of them: a thousand operations, each with a filter, on a list of ten thousand values. What identity
// providers send needs a hundredth of the limit; one filter that takes somebody out of a Group of a million, nearly all.
const maxWork = 12_000_000

// valueWork is what it costs, in comparisons, to look at a value of a list and put it back.
const valueWork = 10

// work counts what a change has compared.
type work struct{ done int }

// spend notes that some values are each looked at with some comparisons, unless that would be too much (ErrTooLarge).
// It is asked before the work is done.
func (w *work) spend(path string, values, comparisons int) error {
	w.done += values * (valueWork + comparisons)
	if w.done <= maxWork {
		return nil
	}
	return Errorf(ErrTooLarge, path,
		"The change compares too many values of %s. Send fewer operations, values or filter terms in one request.", path)
}

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
