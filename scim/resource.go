package scim

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"proprio/resources"
)

// endpoint serves the resources of one type. User and Group differ only in their schemas.
type endpoint struct {
	*site
	rt       *resources.ResourceType
	linked   *resources.Attribute // groups of a User, members of a Group: read only where they are shown; nil for others
	renderer renderer
}

func newEndpoint(s *site, rt *resources.ResourceType) *endpoint {
	e := &endpoint{site: s, rt: rt, renderer: newRenderer(s, rt)}
	switch rt.Name {
	case resources.TypeUser:
		e.linked = rt.Attribute("groups")
	case resources.TypeGroup:
		e.linked = rt.Attribute("members")
	}
	return e
}

// get is RFC 7644 §3.4.1.
func (e *endpoint) get(w http.ResponseWriter, r *http.Request) error {
	p, _, err := e.projection(r)
	if err != nil {
		return err
	}
	res, err := e.Store.Get(r.Context(), callerFrom(r.Context()), e.rt.Name, pathID(r), e.withParts(p))
	if err != nil {
		return e.about(pathID(r), err)
	}
	if matches(r.Header.Values("If-None-Match"), res.Version) {
		w.Header().Set("ETag", etag(res.Version))
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if tags := r.Header.Values("If-Match"); len(tags) > 0 && !matches(tags, res.Version) {
		return resources.ErrVersion
	}
	return e.write(w, r, http.StatusOK, res, p)
}

// create is RFC 7644 §3.3. A User that the directory revives (Q51) is answered as a new one: that is what the client
// asked for and waits for.
func (e *endpoint) create(w http.ResponseWriter, r *http.Request) error {
	result, p, _, err := e.change(w, r)
	if err != nil {
		return err
	}
	return e.answer(w, r, http.StatusCreated, result, p)
}

// replace is RFC 7644 §3.5.1.
func (e *endpoint) replace(w http.ResponseWriter, r *http.Request) error {
	result, p, _, err := e.change(w, r)
	if err != nil {
		return err
	}
	return e.answer(w, r, http.StatusOK, result, p)
}

// modify is RFC 7644 §3.5.2. A Group is answered without its members unless they are asked for (protocol.md section 3,
// row 1): a change of one member must not cost reading a hundred thousand.
func (e *endpoint) modify(w http.ResponseWriter, r *http.Request) error {
	result, p, asked, err := e.change(w, r)
	if err != nil {
		return err
	}
	minimal := prefersMinimal(r)
	if !asked && (minimal || callerFrom(r.Context()).Switches.PatchNoContent) {
		if minimal {
			w.Header().Set("Preference-Applied", "return=minimal")
		}
		e.identify(w, result.Resource)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if e.rt.Name == resources.TypeGroup && !p.names(e.linked) {
		return e.write(w, r, http.StatusOK, result.Resource, p)
	}
	return e.answer(w, r, http.StatusOK, result, p)
}

// remove is RFC 7644 §3.6.
func (e *endpoint) remove(w http.ResponseWriter, r *http.Request) error {
	if _, err := e.apply(r.Context(), changeOf(r, nil)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// change makes the change that a request with a body asks for, and says how to answer it.
func (e *endpoint) change(w http.ResponseWriter, r *http.Request) (result *resources.Result, p projection, asked bool, err error) {
	if p, asked, err = e.projection(r); err != nil {
		return nil, p, false, err
	}
	body, err := e.readObject(w, r)
	if err != nil {
		return nil, p, false, err
	}
	result, err = e.apply(r.Context(), changeOf(r, body))
	return result, p, asked, err
}

// answer writes the new state after a change. A Group's members are not part of the directory's result but where the change
// named all of them; else they are read where the response shows them. When somebody has deleted the Group meanwhile, the
// change was made all the same: the response is what was written.
func (e *endpoint) answer(w http.ResponseWriter, r *http.Request, status int, result *resources.Result, p projection) error {
	with := e.withParts(p)
	if !with.Members || enrolled(result, with) {
		if err := e.nameReferences(r.Context(), result.Resource); err != nil {
			return err
		}
		return e.write(w, r, status, result.Resource, p)
	}
	res, err := e.Store.Get(r.Context(), callerFrom(r.Context()), e.rt.Name, result.Resource.ID, with)
	if errors.Is(err, resources.ErrNotFound) {
		res, err = result.Resource, nil
	}
	if err != nil {
		return fmt.Errorf("read back %s %s: %w", e.rt.Name, result.Resource.ID, err)
	}
	return e.write(w, r, status, res, p)
}

// enrolled gives a Group just written its members, where the change named all of them and they are not too many to come at
// once.
func enrolled(result *resources.Result, with resources.With) bool {
	if result.Members == nil || len(result.Members) > with.MostMembers() {
		return false
	}
	result.Resource.Members, result.Resource.MemberCount = result.Members, len(result.Members)
	return true
}

// write sends one resource.
func (e *endpoint) write(w http.ResponseWriter, r *http.Request, status int, res *resources.Resource, p projection) error {
	s := e.newStream(w, r, status, renderedSize(res))
	var err error
	if s.out, err = e.renderer.append(s.out, res, p); err != nil {
		return err
	}
	e.identify(w, res)
	switch {
	case e.inParts(res, p):
		if err := e.appendMembers(s, res, p); err != nil {
			return s.fail(err)
		}
	case res.MemberCount > 0 && res.Members == nil && e.with(p).Members:
		w.Header().Set("Member-Count", fmt.Sprint(res.MemberCount)) // too many to show unasked (row 17)
	}
	s.end()
	return nil
}

// identify says which resource in which version a response is about (protocol.md section 3, row 15).
func (e *endpoint) identify(w http.ResponseWriter, res *resources.Resource) {
	location := e.renderer.location(res.ID)
	setHeaders(w.Header(), "Location", location, "Content-Location", location, "Etag", etag(res.Version))
}

// with is what must be read for a response.
func (e *endpoint) with(p projection) resources.With {
	with := resources.With{References: e.referenceNames(p), WithoutIndex: true}
	if e.rt.GrantedAs() != "" {
		with.Used = p.names(e.rt.Attribute(resources.AttributeUsed))
	}
	switch {
	case e.linked == nil:
		return with
	case e.rt.Name == resources.TypeUser:
		with.Groups = p.shows(e.linked)
		return with
	}
	with.Members, with.MemberLimit = p.shows(e.linked), e.members
	if p.names(e.linked) {
		with.MemberLimit = 0
	}
	return with
}

// withParts is what must be read for a response that can be written in parts.
func (e *endpoint) withParts(p projection) resources.With {
	with := e.with(p)
	if with.Members {
		with.MembersAtOnce = membersAtOnce
	}
	return with
}

// prefersMinimal says whether the client wants no body (RFC 7240 §4.2).
func prefersMinimal(r *http.Request) bool {
	for name, value := range preferences(r.Header) {
		if name == "return" && strings.EqualFold(value, "minimal") {
			return true
		}
	}
	return false
}
