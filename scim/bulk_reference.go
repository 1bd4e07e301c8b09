package scim

import (
	"iter"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	scimerrors "github.com/elimity-com/scim/errors"

	"proprio/resources"
)

// bulkPrefix begins a reference to what a POST of the same request creates (RFC 7644 §3.7.2).
const bulkPrefix = "bulkId:"

// quotedReference finds references among the filter of a PATCH path: members[value eq "bulkId:x"].
var quotedReference = regexp.MustCompile(`"bulkId:[^"\\]+"`)

func isBulkReference(s string) bool { return strings.HasPrefix(s, bulkPrefix) }

// add takes an operation into the request. A bulkId that two POST operations share would let a reference mean either,
// so both are refused.
func (r *bulkRequest) add(o *bulkOperation) {
	o.index = len(r.operations)
	r.operations = append(r.operations, o)
	o.references = o.findReferences()
	if o.method != http.MethodPost || o.bulkID == "" {
		return
	}
	twin := r.creators[o.bulkID]
	if twin == nil {
		r.creators[o.bulkID] = o
		return
	}
	o.fault = resources.Errorf(resources.ErrInvalidValue, "bulkId", "Another POST of this request has the bulkId %q too.", clip(o.bulkID))
	if twin.fault == nil {
		twin.fault = o.fault
	}
}

// order sorts the operations: one that refers to what a later one creates waits for it, and all others stay as the
// request has them. Those in a circle of references do not wait for each other: one of them comes without the others,
// and again to be completed once they are there.
func (r *bulkRequest) order() []bulkStep {
	order := newBulkOrder(r)
	waitsFor, waiters := map[*bulkOperation]int{}, map[*bulkOperation][]*bulkOperation{}
	for _, o := range r.operations {
		for creator := range r.creatorsOf(o) {
			if order.circles[o] != order.circles[creator] {
				waitsFor[o]++
				waiters[creator] = append(waiters[creator], o)
			}
		}
	}
	reached := map[*bulkOperation]bool{}
	var take func(o *bulkOperation)
	take = func(o *bulkOperation) {
		order.take(o)
		for _, waiter := range waiters[o] {
			if waitsFor[waiter]--; waitsFor[waiter] == 0 && reached[waiter] {
				take(waiter)
			}
		}
	}
	for _, o := range r.operations {
		if reached[o] = true; waitsFor[o] == 0 {
			take(o)
		}
	}
	return order.steps
}

// creatorsOf gives the operations that create what an operation refers to.
func (r *bulkRequest) creatorsOf(o *bulkOperation) iter.Seq[*bulkOperation] {
	return func(yield func(*bulkOperation) bool) {
		for _, name := range o.references {
			if creator := r.creators[name]; creator != nil && !yield(creator) {
				return
			}
		}
	}
}

// findReferences lists the bulkIds that an operation names, in its path and in its data.
func (o *bulkOperation) findReferences() []string {
	names := map[string]bool{}
	o.replaceReferences(func(name string) string {
		names[name] = true
		return bulkPrefix + name
	})
	return slices.Sorted(maps.Keys(names))
}

// resolve is the operation with ids in the place of references. What they refer to has been processed before. The
// operation itself stays as it is: it may have to be made again.
func (r *bulkRequest) resolve(o *bulkOperation) (*bulkOperation, error) {
	if o.fault != nil {
		return o, o.fault
	}
	for _, name := range o.references {
		creator := r.creators[name]
		switch {
		case creator == nil:
			return o, resources.Errorf(resources.ErrInvalidValue, "", "No POST of this request has the bulkId %q.", clip(name))
		case creator.created == "":
			return o, conflict("The operation with the bulkId " + clip(name) + ", which this one refers to, failed.")
		}
	}
	if len(o.references) == 0 {
		return o, nil
	}
	resolved := *o
	resolved.id, resolved.data = o.replaceReferences(func(name string) string { return r.creators[name].created })
	return &resolved, nil
}

func conflict(detail string) error {
	return scimerrors.ScimError{Status: http.StatusConflict, Detail: detail}
}

// replaceReferences gives the name in every reference of an operation to id, and returns the operation's id and data with
// what that returns in the references' places. In data, a whole text of the form bulkId:x is a reference, wherever it
// stands.
func (o *bulkOperation) replaceReferences(id func(name string) string) (string, map[string]any) {
	replace := func(text string) string {
		if name, ok := strings.CutPrefix(text, bulkPrefix); ok {
			return id(name)
		}
		return text
	}
	data, _ := replaceTexts("", o.data, replace)
	object, _ := data.(map[string]any)
	return replace(o.id), object
}

// replaceTexts gives every text in a JSON value to replace, and returns the value with what that returns in the texts'
// places. What holds no text that changes is shared with the value given.
func replaceTexts(key string, value any, replace func(string) string) (out any, changed bool) {
	switch v := value.(type) {
	case string:
		text := replaceText(key, v, replace)
		return text, text != v
	case []any:
		for i, inner := range v {
			if next, differs := replaceTexts(key, inner, replace); differs {
				if !changed {
					v, changed = slices.Clone(v), true
				}
				v[i] = next
			}
		}
		return v, changed
	case map[string]any:
		for name, inner := range v {
			if next, differs := replaceTexts(name, inner, replace); differs {
				if !changed {
					v, changed = maps.Clone(v), true
				}
				v[name] = next
			}
		}
		return v, changed
	}
	return value, false
}

func replaceText(key, text string, replace func(string) string) string {
	if !strings.EqualFold(key, "path") {
		return replace(text)
	}
	return quotedReference.ReplaceAllStringFunc(text, func(quoted string) string {
		return `"` + replace(strings.Trim(quoted, `"`)) + `"`
	})
}
