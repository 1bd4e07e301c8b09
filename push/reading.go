package push

import (
	"cmp"
	"maps"
	"slices"

	"proprio/ownership"
	"proprio/push/mapping"
	"proprio/resources"
)

// reading is a User's document, decoded once for all that is asked of it. It serves one goroutine.
type reading struct {
	of    *resources.Resource
	doc   fields // it is never changed
	err   error
	ruled *mapping.Person
}

func read(r *resources.Resource) *reading {
	doc, err := decodeFields(r.Body)
	return &reading{of: r, doc: doc, err: err}
}

// read is a User as the job reads it.
func (j *job) read(r *resources.Resource) *reading {
	if j.reading == nil || j.reading.of != r {
		j.reading = read(r)
	}
	return j.reading
}

// manager is the object id of a User's manager; empty when there is none.
func (r *reading) manager() string {
	ext, _ := r.doc[resources.SchemaEnterprise].(fields)
	switch m := ext["manager"].(type) {
	case fields:
		id, _ := m["value"].(string)
		return id
	case string:
		return m
	}
	return ""
}

// person is the User as rules see it: without what no app may know.
func (r *reading) person() (*mapping.Person, error) {
	if r.err != nil || r.ruled != nil {
		return r.ruled, r.err
	}
	doc := maps.Clone(r.doc)
	if _, ok := doc["emails"]; ok {
		doc["emails"] = ownership.BoundEmails(doc)
	}
	groups := slices.SortedFunc(slices.Values(r.of.Groups), func(a, b resources.Ref) int { // the order of a list is no change
		return cmp.Or(cmp.Compare(a.Display, b.Display), cmp.Compare(a.ID, b.ID))
	})
	r.ruled = &mapping.Person{ID: r.of.ID, Doc: doc, Groups: groups}
	return r.ruled, nil
}

// copied is the document to be changed. What it has in lists is that of the original: lists are put in the place of others,
// and never changed.
func (r *reading) copied() (fields, error) {
	if r.doc == nil {
		return fields{}, r.err
	}
	return copiedObjects(r.doc), r.err
}

func copiedObjects(doc fields) fields {
	out := make(fields, len(doc)+2)
	for name, value := range doc {
		if inner, ok := value.(fields); ok {
			value = copiedObjects(inner)
		}
		out[name] = value
	}
	return out
}
