package scim

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"proprio/resources"
)

// What is read from the store at once for an answer. What is larger is written as it is read, so that no answer takes
// more memory than these.
const (
	resourcesAtOnce = 100
	bytesAtOnce     = 2 << 20
	membersAtOnce   = 1000
)

// streamPart is how many bytes of an answer that is written in parts are collected before they are.
const streamPart = 64 << 10

// stream is an answer that is read from the store in parts. One that turns out to be in one part is sent as any other,
// with its length; of a larger one the parts are sent as they come.
type stream struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	status int
	out    []byte // not sent yet
	begun  bool
}

func (s *Server) newStream(w http.ResponseWriter, r *http.Request, status, size int) *stream {
	return &stream{server: s, w: w, r: r, status: status, out: make([]byte, 0, size)}
}

// part is called between two parts, when more is to follow. What was collected is sent if it is enough.
func (s *stream) part() {
	if len(s.out) < streamPart {
		return
	}
	if !s.begun {
		s.begin()
	}
	s.send()
}

func (s *stream) begin() {
	s.begun = true
	eventFrom(s.r.Context()).response = []byte("(sent in parts, not kept)")
	setHeaders(s.w.Header(), "Content-Type", contentType)
	s.w.WriteHeader(s.status)
}

func (s *stream) send() {
	if _, err := s.w.Write(s.out); err != nil { // the client is gone
		panic(http.ErrAbortHandler)
	}
	s.out = s.out[:0]
}

// end sends what is left.
func (s *stream) end() {
	if !s.begun {
		write(s.w, s.status, s.out)
		return
	}
	s.send()
}

// fail is what becomes of an error. Before anything was sent it is the answer. After that the connection is broken off:
// half a list must not pass for a whole one.
func (s *stream) fail(err error) error {
	if !s.begun {
		return err
	}
	if e := eventFrom(s.r.Context()); !errors.Is(err, context.Canceled) { // else the client broke it off
		s.server.Log.ErrorContext(s.r.Context(), "answer broken off", slog.String("request", e.id), slog.String("error", err.Error()))
	}
	panic(http.ErrAbortHandler)
}

// first reads the first part of a page.
func (c *collection) first(ctx context.Context, q *request) (*resources.Page, error) {
	query := q.query
	if c.divides(q) {
		query.Count = min(query.Count, resourcesAtOnce)
	}
	q.asked = query.Count
	return c.Store.Find(ctx, q.caller, query)
}

// divides says whether a page is read in parts. One that is read backward comes with its last resource first.
func (c *collection) divides(q *request) bool {
	return q.query.Type != resources.TypeMembership && (q.query.Walk == nil || !q.query.Walk.Backward)
}

// next reads the part of a page that follows another one: what comes behind it in the order, so that what is not moved
// in it meanwhile comes once. The members in it are limited by those that the page has shown.
func (c *collection) next(ctx context.Context, q *request, before *resources.Page, written int) (*resources.Page, error) {
	if q.query.With.PageMembers > 0 {
		for _, res := range before.Resources {
			q.query.With.PageMembers -= len(res.Members)
		}
		q.query.With.PageMembers = max(q.query.With.PageMembers, 1)
	}
	query := q.query
	// Where resources are large, no more are asked for than may fit: a database sends all that it is asked for.
	query.Count = min(query.Count-written, resourcesAtOnce, 2*len(before.Resources))
	q.asked = query.Count
	query.Walk = &resources.Walk{From: before.Last, Total: max(before.Total, 1)} // the first part was counted
	return c.Store.Find(ctx, q.caller, query)
}

// last says whether a part of a page is its last one: the page is full, or ended early for the members in it, or nothing
// is left.
func (c *collection) last(q *request, part *resources.Page, written int) bool {
	switch {
	case !c.divides(q), written == q.query.Count:
		return true
	case part.Cut:
		return false
	case len(part.Resources) < q.asked:
		return true
	case q.query.Walk != nil:
		return !part.More
	}
	return written >= part.Total
}

// inParts says whether a Group's members are shown, but were too many to be read with it.
func (e *endpoint) inParts(res *resources.Resource, p projection) bool {
	return e.linked != nil && res.Type == resources.TypeGroup && res.Members == nil && res.MemberCount > 0 &&
		p.shows(e.linked) && (p.names(e.linked) || res.MemberCount <= e.members)
}

// appendMembers writes the members of a Group that was rendered without them, in parts. Who becomes a member meanwhile may
// be among them; whoever is one all the time is, once.
func (e *endpoint) appendMembers(s *stream, res *resources.Resource, p projection) error {
	ctx, shown := s.r.Context(), e.renderer.maskOf(p)[e.linked.Name]
	s.out = append(s.out[:len(s.out)-1], `,"members":[`...)
	after, written := "", false
	for {
		members, err := e.Store.Members(ctx, callerFrom(ctx), res.ID, after, membersAtOnce)
		if err != nil {
			return err
		}
		for _, m := range members {
			before := len(s.out)
			if written {
				s.out = append(s.out, ',')
			}
			var kept bool
			if s.out, kept, err = e.renderer.appendMasked(s.out, m, shown); err != nil {
				return err
			}
			if written = written || kept; !kept {
				s.out = s.out[:before]
			}
			after = m.ID
		}
		if len(members) < membersAtOnce {
			s.out = append(s.out, "]}"...)
			return nil
		}
		s.part()
	}
}
