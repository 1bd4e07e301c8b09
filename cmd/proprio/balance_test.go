package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// balance sends requests to replicas in turn, as a load balancer that does not notice when one is away, and notes every
// answer that a client must never get.
type balance struct {
	replicas []string // addresses
	sent     atomic.Uint64
	way      *http.Transport

	mu     sync.Mutex
	absent map[string]bool      // replicas that may be down
	since  map[string]time.Time // when one was last made so, or came back
	unsure map[string]bool      // writes that may have been done without an answer
	busy   int                  // answers 503
	lost   int                  // requests lost with a process that was killed
	faults []string
}

func newBalance(replicas ...string) *balance {
	return &balance{replicas: replicas, way: &http.Transport{MaxIdleConnsPerHost: 16}, absent: map[string]bool{},
		since: map[string]time.Time{}, unsure: map[string]bool{}}
}

// down says whether a replica may be down from now on.
func (b *balance) down(replica string, absent bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.absent[replica], b.since[replica] = absent, time.Now()
}

// RoundTrip implements http.RoundTripper.
func (b *balance) RoundTrip(req *http.Request) (*http.Response, error) {
	replica := b.replicas[b.sent.Add(1)%uint64(len(b.replicas))]
	write := req.Method + " " + req.URL.Path
	if req.Method == http.MethodPost && req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		write += " " + string(text)
	}
	out := req.Clone(req.Context())
	out.URL.Host, out.Host = replica, replica
	begun := time.Now()
	resp, err := b.way.RoundTrip(out)
	b.note(replica, write, begun, resp, err)
	return resp, err
}

// note judges one answer.
func (b *balance) note(replica, write string, begun time.Time, resp *http.Response, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err != nil:
		b.unsure[write] = true
		b.lost++
		if !b.absent[replica] && b.since[replica].Before(begun) {
			b.fault("%s of %s: %v, but the replica was up", write, replica, err)
		}
	case resp.StatusCode == http.StatusServiceUnavailable:
		b.unsure[write] = true
		b.busy++
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || seconds < 1 {
			b.fault("%s: 503 with Retry-After %q", write, resp.Header.Get("Retry-After"))
		}
	case resp.StatusCode < 300:
	case resp.StatusCode == http.StatusConflict && strings.HasPrefix(write, "POST") && b.unsure[write]:
	case resp.StatusCode == http.StatusNotFound && strings.HasPrefix(write, "DELETE") && b.unsure[write]:
	default:
		b.fault("%s: %s", write, resp.Status)
	}
}

func (b *balance) fault(format string, args ...any) {
	if len(b.faults) < 20 {
		b.faults = append(b.faults, fmt.Sprintf(format, args...))
	}
}
