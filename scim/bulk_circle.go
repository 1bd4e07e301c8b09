package scim

import (
	"context"
	"errors"
	"slices"
	"strings"

	"proprio/resources"
)

// References that lead in a circle (RFC 7644 §3.7.1) are resolved in two steps: one operation of the circle is made
// without the values that refer to what is not there yet, and gets them as soon as all of that is created.

// bulkStep is an operation to process: as it is, or, with complete, what was left out of it before.
type bulkStep struct {
	*bulkOperation
	complete bool
}

// bulkOrder is the steps of a request as they are put in order.
type bulkOrder struct {
	request *bulkRequest
	circles map[*bulkOperation]int
	left    map[int]int // how many operations of a circle are not taken
	steps   []bulkStep
	taken   map[*bulkOperation]bool
	begun   map[int][]*bulkOperation // by circle: taken without all that they refer to
}

func newBulkOrder(r *bulkRequest) *bulkOrder {
	b := &bulkOrder{
		request: r, circles: r.circles(), left: map[int]int{}, taken: map[*bulkOperation]bool{}, begun: map[int][]*bulkOperation{},
	}
	for _, circle := range b.circles {
		b.left[circle]++
	}
	return b
}

// take puts an operation next, and behind the last one of a circle what completes it: in reverse, so that of two that
// wait for each other the one that can fail is decided first.
func (b *bulkOrder) take(o *bulkOperation) {
	var missing []string
	for _, name := range o.references {
		if creator := b.request.creators[name]; creator != nil && !b.taken[creator] {
			missing = append(missing, name)
		}
	}
	circle := b.circles[o]
	b.steps, b.taken[o] = append(b.steps, bulkStep{bulkOperation: o}), true
	if len(missing) > 0 {
		o.leave(missing)
		b.begun[circle] = append(b.begun[circle], o)
	}
	if b.left[circle]--; b.left[circle] > 0 {
		return
	}
	for _, o := range slices.Backward(b.begun[circle]) {
		b.steps = append(b.steps, bulkStep{o, true})
	}
}

// circles gives each operation a number that it shares with those in a circle of references with it: the strongly
// connected components of the graph, by Tarjan's algorithm.
func (r *bulkRequest) circles() map[*bulkOperation]int {
	circles, lowest, stack := map[*bulkOperation]int{}, map[*bulkOperation]int{}, []*bulkOperation{}
	place := map[*bulkOperation]int{}
	var visit func(o *bulkOperation)
	visit = func(o *bulkOperation) {
		place[o] = len(place) + 1
		lowest[o] = place[o]
		stack = append(stack, o)
		for creator := range r.creatorsOf(o) {
			switch {
			case place[creator] == 0:
				visit(creator)
				lowest[o] = min(lowest[o], lowest[creator])
			case circles[creator] == 0: // on the stack
				lowest[o] = min(lowest[o], place[creator])
			}
		}
		if lowest[o] != place[o] {
			return
		}
		start := slices.Index(stack, o)
		for _, member := range stack[start:] {
			circles[member] = place[o]
		}
		stack = stack[:start]
	}
	for _, o := range r.operations {
		if place[o] == 0 {
			visit(o)
		}
	}
	return circles
}

// leave sets aside the values of a POST that refer to what is not created yet.
func (o *bulkOperation) leave(names []string) {
	o.later = map[string]any{}
	refers := func(text string) bool {
		name, ok := strings.CutPrefix(text, bulkPrefix)
		return ok && slices.Contains(names, name)
	}
	for key, value := range o.data {
		if o.endpoint != nil && o.endpoint.rt.URN(key) != "" { // the attributes of a schema, under its URN
			inner, _ := value.(map[string]any)
			aside := map[string]any{}
			for name, v := range inner {
				setAside(inner, aside, name, v, refers)
			}
			if len(aside) > 0 {
				o.later[key] = aside
			}
			continue
		}
		setAside(o.data, o.later, key, value, refers)
	}
	o.references = o.findReferences()
}

// setAside moves the part of one attribute that refers to something from an object into another: the whole value, or of
// a list the elements that do.
func setAside(from, to map[string]any, key string, value any, refers func(string) bool) {
	list, ok := value.([]any)
	if !ok {
		if mentions(value, refers) {
			to[key] = value
			delete(from, key)
		}
		return
	}
	var stay, move []any
	for _, element := range list {
		if mentions(element, refers) {
			move = append(move, element)
		} else {
			stay = append(stay, element)
		}
	}
	if len(move) > 0 {
		from[key], to[key] = stay, move
	}
}

// mentions says whether a JSON value holds a text that refers.
func mentions(value any, refers func(string) bool) bool {
	switch v := value.(type) {
	case string:
		return refers(v)
	case []any:
		return slices.ContainsFunc(v, func(inner any) bool { return mentions(inner, refers) })
	case map[string]any:
		for _, inner := range v {
			if mentions(inner, refers) {
				return true
			}
		}
	}
	return false
}

// complete gives a resource the values that were set aside. Where that fails, so does the operation as a whole: the
// resource goes again, and what refers to it loses the reference, as with any resource that is deleted.
func (b *bulk) complete(ctx context.Context, request *bulkRequest, o *bulkOperation) {
	if o.created == "" {
		return // its first step failed, or was not reached
	}
	answer := *o.answer
	o.answer = &answer
	result, err := b.addLater(ctx, request, o)
	if err == nil {
		o.answer.Version = etag(result.Resource.Version)
		return
	}
	removed := o.endpoint.Directory.Remove(ctx, callerFrom(ctx), o.endpoint.rt.Name, o.created, resources.Precondition{})
	o.created, o.answer.Location, o.answer.Version = "", "", ""
	b.fail(ctx, o, errors.Join(err, removed))
}

func (b *bulk) addLater(ctx context.Context, request *bulkRequest, o *bulkOperation) (*resources.Result, error) {
	later := &bulkOperation{data: o.later}
	later.references = later.findReferences()
	later, err := request.resolve(later)
	if err != nil {
		return nil, err
	}
	if run := asyncRunFrom(ctx); run != nil {
		ctx = run.within(ctx, o.index)
	}
	caller := callerFrom(ctx)
	ops, err := flatten(o.endpoint.rt, resources.OpAdd, later.data, patchOptions{unquoted: caller.Switches.UnquotedValues})
	if err != nil {
		return nil, err
	}
	return o.endpoint.Directory.Modify(ctx, caller, o.endpoint.rt.Name, o.created, resources.Precondition{}, ops)
}
