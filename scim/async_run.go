package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/semaphore"

	"proprio/audit"
	"proprio/resources"
)

const (
	asyncWorkers = 4                // requests made at once; clients that wait for their answer come first
	asyncLease   = 2 * time.Minute  // longer than one request may take; a replica that died keeps the others waiting for so long
	asyncTime    = 90 * time.Second // what one request may take
	asyncPause   = 5 * time.Second  // between looks for what other processes accepted and did not make
)

// RunAsync makes the requests in the queue until ctx ends. Several processes may do so over one database; each request
// is made by one of them. Two requests are made in any order: a client that needs one waits for the outcome of the first.
func (s *Server) RunAsync(ctx context.Context) {
	server := s.ready()
	sites, workers := server.newSites(), semaphore.NewWeighted(asyncWorkers)
	defer func() { _ = workers.Acquire(context.WithoutCancel(ctx), asyncWorkers) }() // those at work finish
	purged := time.Time{}
	for ctx.Err() == nil {
		if workers.Acquire(ctx, 1) != nil {
			return
		}
		now := s.Now()
		claimed, err := s.Async.Store.ClaimAsync(ctx, s.Async.owner, now, now.Add(asyncLease), 1)
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "asynchronous requests", "error", err)
		}
		if len(claimed) > 0 {
			go func() {
				defer workers.Release(1)
				server.makeAsync(context.WithoutCancel(ctx), sites, claimed[0])
			}()
			continue
		}
		workers.Release(1)
		if now.Sub(purged) > time.Hour {
			purged = now
			if err := s.Async.Store.PurgeAsync(ctx, now.Add(-asyncKept)); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "purge of asynchronous requests", "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-s.Async.wake:
		case <-time.After(asyncPause):
		}
	}
}

// makeAsync makes one request as if it had just come, notes the outcome, and tells a client that waits.
func (s *Server) makeAsync(ctx context.Context, sites *sites, r resources.AsyncRequest) {
	ctx, cancel := context.WithTimeout(ctx, asyncTime)
	defer cancel()
	answer := &captured{header: http.Header{}}
	run, err := s.asyncRun(ctx, r)
	if err == nil {
		err = s.replayAsync(ctx, sites, r, run, answer)
	}
	if err != nil {
		answer = s.refused(r, err)
	}
	r.Finished, r.Outcome = s.Now().UTC(), outcomes(r, answer)
	if r.Outcome[0].Status == strconv.Itoa(http.StatusServiceUnavailable) && r.Attempts < 5 {
		return // its lease ends, and then it is tried again
	}
	if err := s.Async.Store.FinishAsync(context.WithoutCancel(ctx), s.Async.owner, r); err != nil {
		s.Log.ErrorContext(ctx, "outcome of an asynchronous request not noted; it will be made again", "txn", r.Txn, "error", err)
		return
	}
	s.Async.tell(r.Txn, answer)
}

// replayAsync sends the request through the site as its connection would, with the connection's rights of now.
func (s *Server) replayAsync(ctx context.Context, sites *sites, r resources.AsyncRequest, run *asyncRun, answer *captured) (err error) {
	connection, err := s.Async.Store.Connection(ctx, r.Company, r.Connection)
	if err != nil {
		return err
	}
	caller := callerOf(connection, r.Txn)
	site, err := sites.find(ctx, caller)
	if err != nil {
		return err
	}
	e := &event{id: r.Txn, company: r.Company, connection: r.Connection}
	ctx = context.WithValue(context.WithValue(context.WithValue(ctx, eventKey{}, e), callerKey{}, caller), asyncKey{}, run)
	request, err := http.NewRequestWithContext(ctx, r.Method, s.PublicURL+BasePath+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return err
	}
	request.Header = http.Header(r.Header).Clone()
	start := s.Now()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		s.tell(request, e, s.Now().Sub(start))
	}()
	if entry, ok := run.done[r.Txn]; ok { // made before the process died; only the outcome was not noted
		return run.answer(answer, r, entry, site)
	}
	site.ServeHTTP(&responseWriter{ResponseWriter: answer, event: e}, request)
	return nil
}

// refused is the answer of a request that was not made.
func (s *Server) refused(r resources.AsyncRequest, err error) *captured {
	wire := wireError(err, r.Txn)
	if wire.Status >= http.StatusInternalServerError {
		s.Log.Error("asynchronous request", slog.String("request", r.Txn), slog.String("error", err.Error()))
	}
	c := &captured{header: http.Header{}, status: wire.Status}
	c.body.Write(errorBody(wire))
	return c
}

// asyncRun is the state of one attempt to make a request.
type asyncRun struct {
	txn  string
	done map[string]audit.Entry // by txn: the changes that an attempt before made
}

type asyncKey struct{}

// asyncRunFrom is the attempt in whose course a handler runs; nil when a client is there.
func asyncRunFrom(ctx context.Context) *asyncRun {
	run, _ := ctx.Value(asyncKey{}).(*asyncRun)
	return run
}

// part is the transaction of one operation of a bulk request (RFC 9967 §2.5.1.2).
func (run *asyncRun) part(index int) string { return run.txn + ":" + strconv.Itoa(index) }

// within makes one operation's changes those of its part.
func (run *asyncRun) within(ctx context.Context, index int) context.Context {
	caller := callerFrom(ctx)
	caller.Txn = run.part(index)
	return context.WithValue(ctx, callerKey{}, caller)
}

// asyncRun looks for what an attempt before had made: it must not be made twice, and its outcome is not a conflict with
// itself.
func (s *Server) asyncRun(ctx context.Context, r resources.AsyncRequest) (*asyncRun, error) {
	run := &asyncRun{txn: r.Txn, done: map[string]audit.Entry{}}
	if r.Attempts < 2 {
		return run, nil
	}
	made, err := s.Async.Store.ChangesOf(ctx, r.Company, r.Txn, r.Accepted)
	for _, entry := range made {
		if _, twice := run.done[entry.Txn]; !twice { // the first: an operation of a circle has a second one
			run.done[entry.Txn] = entry
		}
	}
	return run, err
}

// answer is that of a change that was made by an attempt before.
func (run *asyncRun) answer(c *captured, r resources.AsyncRequest, e audit.Entry, s *site) error {
	rt := s.registry.Type(e.ObjectType)
	if rt == nil {
		return errors.New("the resource type of the change is gone")
	}
	c.status = map[string]int{http.MethodPost: http.StatusCreated, http.MethodDelete: http.StatusNoContent}[r.Method]
	if c.status == 0 {
		c.status = http.StatusOK
	}
	if r.Method != http.MethodDelete {
		c.header.Set("ETag", etag(e.Version))
		c.header.Set("Location", newRenderer(s, rt).location(e.ObjectID))
	}
	return nil
}

// outcomes reads an answer as outcomes: a bulk response holds one for each operation.
func outcomes(r resources.AsyncRequest, c *captured) []resources.AsyncOutcome {
	var bulk struct{ Operations []resources.AsyncOutcome }
	if c.status == http.StatusOK && json.Unmarshal(c.body.Bytes(), &bulk) == nil && len(bulk.Operations) > 0 {
		return bulk.Operations
	}
	one := resources.AsyncOutcome{
		Method: r.Method, Version: c.header.Get("ETag"), Location: c.header.Get("Location"), Status: strconv.Itoa(c.status),
	}
	if c.status >= http.StatusBadRequest {
		one.Response = json.RawMessage(bytes.Clone(c.body.Bytes()))
	}
	return []resources.AsyncOutcome{one}
}

// captured is an answer that is not sent yet.
type captured struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *captured) Header() http.Header { return c.header }

func (c *captured) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *captured) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	return c.body.Write(b)
}

// replay sends the answer.
func (c *captured) replay(w http.ResponseWriter) {
	for name, values := range c.header {
		w.Header()[name] = values
	}
	w.WriteHeader(c.status)
	_, _ = w.Write(c.body.Bytes()) // a client that is gone cannot be told
}
