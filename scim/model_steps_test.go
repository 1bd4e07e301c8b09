package scim_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// steps makes requests up, and asks the model what they come to. Names, texts and ids are few, so that requests meet.
type steps struct {
	*rand.Rand
	model *model
	inner bool // within a bulk request: the ids of created resources are not known before its answer
	count int  // of the POST operations of the bulk request
}

// modelStep is one request and its answer according to the model, which has made it already.
type modelStep struct {
	method, path string
	body         any
	headers      []string

	status  int
	faults  []string           // the answer is an error with one of these scimTypes; "": with none
	created string             // what stands in the model for the id that the answer brings
	shows   func() object      // the body; nil: not looked at
	bulk    []modelStep        // what a bulk request was made of
	compare func(object) error // of an answer that is no resource
}

func (s *steps) oneIn(n int) bool { return s.IntN(n) == 0 }

func pick[T any](s *steps, of ...T) T { return of[s.IntN(len(of))] }

// anyCase spells a name or a word in some letter case.
func (s *steps) anyCase(word string) string {
	return pick(s, word, word, strings.ToUpper(word), strings.ToLower(word))
}

func (s *steps) userName() string { return s.anyCase(fmt.Sprintf("u%d@societe.example", s.IntN(9))) }

func (s *steps) groupName() string { return s.anyCase(fmt.Sprintf("g%d", s.IntN(5))) }

func (s *steps) text() string { return pick(s, "a", "A", "ab", "B", "été", "1", "q", "True") }

func (s *steps) address() string {
	return pick(s, "a@x.example", "A@x.example", "b@x.example", "c@y.example")
}

func (s *steps) kind() string { return pick(s, "work", "home", "Work", "other") }

// someID is the id of one of the resources, or now and then of none.
func (s *steps) someID(of []*modelResource) string {
	if len(of) == 0 || s.oneIn(12) {
		return unknownID
	}
	return pick(s, of...).id
}

func (s *steps) where() *modelWhere {
	switch s.IntN(5) {
	case 0:
		return &modelWhere{"primary", "eq", true}
	case 1:
		return &modelWhere{"type", "ne", s.kind()}
	case 2:
		return &modelWhere{"value", "eq", s.address()}
	}
	return &modelWhere{"type", "eq", s.kind()}
}

// String writes the filter as it stands in brackets.
func (w *modelWhere) String() string {
	if text, ok := w.is.(string); ok {
		return fmt.Sprintf("%s %s %q", w.sub, w.op, text)
	}
	return fmt.Sprintf("%s %s %v", w.sub, w.op, w.is)
}

// next is some step.
func (s *steps) next() modelStep {
	typ := pick(s, "User", "User", "Group")
	switch n := s.IntN(20); {
	case n < 4:
		return s.create(typ)
	case n < 6:
		return s.replace(typ)
	case n < 13:
		return s.patch(typ)
	case n == 13:
		return s.remove(typ)
	case n == 14:
		return s.get(typ)
	case n < 18 || s.inner:
		if s.inner {
			return s.patch(typ)
		}
		return s.list(typ)
	}
	return s.bulk()
}

// changes are what makes a whole resource: each of some attributes once. Only the last of them may be a fault.
func (s *steps) whole(typ string) []modelChange {
	all := map[string][]string{"Group": modelGroupHas, "User": slices.Concat(modelTexts, modelLists, []string{"active", "name", "manager", "shoeSize", "id"})}[typ]
	required := map[string]string{"User": "userName", "Group": "displayName"}[typ]
	var changes []modelChange
	for _, name := range all {
		if name == required && !s.oneIn(20) || name != required && s.oneIn(3) {
			changes = append(changes, modelChange{op: "add", name: name, value: s.value(typ, name), lenient: true})
		}
	}
	return changes
}

// create is POST.
func (s *steps) create(typ string) modelStep {
	changes := s.whole(typ)
	s.count++
	step := modelStep{method: "POST", path: "/" + typ + "s", body: s.document(typ, changes), status: 201, created: fmt.Sprint("bulkId:b", s.count)}
	r := &modelResource{typ: typ, attributes: object{}}
	if step.fails(r.applyAll(changes)) || step.fails(s.model.create(r, step.created)...) {
		return step
	}
	step.shows = func() object { return s.model.show(r) }
	return step
}

// replace is PUT (RFC 7644 §3.5.1; Q54, Q55).
func (s *steps) replace(typ string) modelStep {
	changes := s.whole(typ)
	step, r := s.one("PUT", typ)
	step.body = s.document(typ, changes)
	if r == nil || step.fails(s.precondition(&step, r)) {
		return step
	}
	next := r.clone()
	next.attributes = object{}
	if active, ok := r.attributes["active"]; ok {
		next.attributes["active"] = active
	}
	if slices.ContainsFunc(changes, func(c modelChange) bool { return c.name == "members" }) {
		next.members = nil
	}
	if step.fails(next.applyAll(changes)) || step.fails(s.model.update(r, next)...) {
		return step
	}
	step.shows = func() object { return s.model.show(r) }
	return step
}

// patch is PATCH (RFC 7644 §3.5.2). A Group is answered without its members.
func (s *steps) patch(typ string) modelStep {
	var changes []modelChange
	for range 1 + s.IntN(3) {
		changes = append(changes, s.change(typ))
	}
	step, r := s.one("PATCH", typ)
	step.body = patch(s.wire(typ, changes)...)
	if r == nil || step.fails(s.precondition(&step, r)) {
		return step
	}
	next := r.clone()
	if step.fails(next.applyAll(changes)) || step.fails(s.model.update(r, next)...) {
		return step
	}
	step.shows = func() object {
		shown := s.model.show(r)
		if typ == "Group" {
			delete(shown, "members")
		}
		return shown
	}
	return step
}

func (r *modelResource) applyAll(changes []modelChange) string {
	for _, c := range changes {
		if fault := r.apply(c); fault != "" {
			return fault
		}
	}
	return ""
}

// remove is DELETE.
func (s *steps) remove(typ string) modelStep {
	step, r := s.one("DELETE", typ)
	if r == nil || step.fails(s.precondition(&step, r)) {
		return step
	}
	step.status = 204
	s.model.remove(r)
	return step
}

func (s *steps) get(typ string) modelStep {
	step, r := s.one("GET", typ)
	if r == nil {
		return step
	}
	attributes, excluded, query := s.projection(typ)
	step.path += "?" + query
	if s.oneIn(4) {
		step.headers, step.status = []string{"If-None-Match", r.etag()}, 304
		return step
	}
	shown := project(s.model.show(r), attributes, excluded)
	step.shows = func() object { return shown }
	return step
}

// one begins a step about one resource. When there is none, the answer is 404, whatever else is wrong.
func (s *steps) one(method, typ string) (modelStep, *modelResource) {
	id := s.someID(s.model.of(typ))
	step := modelStep{method: method, path: "/" + typ + "s/" + id, status: 200}
	r := s.model.find(id)
	if r == nil {
		step.fails("404")
	}
	return step, r
}

// precondition adds an If-Match now and then (RFC 7644 §3.14); "412" when it does not hold.
func (s *steps) precondition(step *modelStep, r *modelResource) string {
	if s.inner || !s.oneIn(6) {
		return ""
	}
	stale := fmt.Sprintf(`W/"%d"`, r.version+1)
	tags, holds := r.etag(), s.oneIn(2)
	switch {
	case !holds:
		tags = stale
	case s.oneIn(3):
		tags = "*"
	case s.oneIn(3):
		tags = stale + ", " + r.etag()
	}
	step.headers = []string{"If-Match", tags}
	if holds {
		return ""
	}
	return "412"
}

// fails notes why a step is an error; no fault, or an empty one, is none.
func (step *modelStep) fails(faults ...string) bool {
	if len(faults) == 0 || faults[0] == "" {
		return false
	}
	step.faults, step.created = faults, ""
	return true
}
