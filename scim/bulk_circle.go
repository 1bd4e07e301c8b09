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

// circular finds an operation in a circle of those that wait. Every operation in one is a POST, for nothing waits for
// another; each step leads to what the one at hand waits for, so the first that comes twice is in a circle.
func (r *bulkRequest) circular(waits func(*bulkOperation) bool) *bulkOperation {
	start := slices.IndexFunc(r.operations, waits)
	if start < 0 {
		return nil
	}
	seen := map[*bulkOperation]bool{}
	o := r.operations[start]
	for !seen[o] {
		seen[o] = true
		for _, name := range o.references {
			if creator := r.creators[name]; creator != nil && waits(creator) {
				o = creator
				break
			}
		}
	}
	return o
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
	o.data = o.later
	o.references = o.findReferences()
	if err := request.resolve(o); err != nil {
		return nil, err
	}
	caller := callerFrom(ctx)
	ops, err := flatten(o.endpoint.rt, resources.OpAdd, o.data, patchOptions{unquoted: caller.Switches.UnquotedValues})
	if err != nil {
		return nil, err
	}
	return o.endpoint.Directory.Modify(ctx, caller, o.endpoint.rt.Name, o.created, resources.Precondition{}, ops)
}
