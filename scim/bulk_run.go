package scim

import (
	"cmp"
	"context"
	"errors"
	"time"

	"proprio/resources"
)

// bulkHold is for how long a bulk request may hold the database: on SQLite everybody else who writes waits meanwhile. A
// thousand operations need a tenth of it.
const bulkHold = 2 * time.Second

// bulkRun is a bulk request while its operations are made.
//
// They are written in one transaction: nothing is answered, and nothing is seen by others, before all of it is
// committed, and a server that dies half-way has done nothing. A request that takes longer than bulkHold is cut into
// several transactions, between two operations that do not wait for each other. What stands before the place where
// failOnErrors stops a request is kept (RFC 7644 §3.7.3).
type bulkRun struct {
	*bulk
	request *bulkRequest
	steps   []bulkStep // that are still to be made
	failed  int        // operations
	open    int        // operations of which a part is set aside for later steps
}

// run makes the operations. An error says that nothing of the request was done.
func (b *bulk) run(ctx context.Context, request *bulkRequest) error {
	r := &bulkRun{bulk: b, request: request, steps: request.order()}
	for all := len(r.steps); len(r.steps) > 0; {
		err := r.commit(ctx)
		if err == nil {
			continue
		}
		if len(r.steps) == all || errors.Is(err, context.Canceled) {
			return err // the second: the client is gone
		}
		for _, step := range r.steps { // what was committed before has to be answered
			step.answer = &bulkAnswer{Method: step.method, BulkID: step.bulkID}
			b.fail(ctx, step.bulkOperation, err)
		}
		return nil
	}
	return nil
}

// commit makes as many steps as one transaction may hold. It can be run again from the beginning.
func (r *bulkRun) commit(request context.Context) error {
	before, reset := *r, r.remember(request)
	err := r.Store.Together(request, func(ctx context.Context) error {
		reset()
		*r = before
		until := r.Now().Add(bulkHold)
		for len(r.steps) > 0 {
			r.make(ctx, r.steps[0])
			r.steps = r.steps[1:]
			if err := cmp.Or(request.Err(), ctx.Err()); err != nil {
				return err
			}
			if r.open == 0 && r.Now().After(until) {
				return nil
			}
		}
		return nil
	})
	if err != nil {
		reset()
		*r = before
	}
	return err
}

// remember returns a function that takes back what is noted of the operations from now on.
func (r *bulkRun) remember(ctx context.Context) func() {
	forget := resources.MarkWork(ctx)
	type state struct {
		created string
		answer  *bulkAnswer
	}
	states := make([]state, len(r.request.operations))
	for i, o := range r.request.operations {
		states[i] = state{o.created, o.answer}
	}
	return func() {
		forget()
		for i, o := range r.request.operations {
			o.created, o.answer = states[i].created, states[i].answer
		}
	}
}

// make makes one step, unless failOnErrors has stopped the request.
func (r *bulkRun) make(ctx context.Context, step bulkStep) {
	o := step.bulkOperation
	fell := o.fell()
	switch {
	case step.complete:
		r.open--
	case o.later != nil:
		r.open++
	}
	switch {
	case step.complete: // also when the request has stopped: what was begun is not left half
		r.complete(ctx, r.request, o)
	case r.failed == 0 || r.failed != r.request.failOnErrors:
		r.process(ctx, r.request, o)
	}
	if !fell && o.fell() {
		r.failed++
	}
}

// fell says whether the operation was answered with an error.
func (o *bulkOperation) fell() bool { return o.answer != nil && o.answer.Response != nil }
