package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"proprio/resources"
)

// drainTime is how long requests under way may take after the server stopped to take new ones. Together with a short
// --drain-delay it fits into the 30 s that Kubernetes gives a program it stops.
const drainTime = 20 * time.Second

// startPatience is how long a server that starts waits for a database that is away.
const startPatience = time.Minute

// openPatiently opens the database as soon as it is there: replicas start while Postgres restarts.
func (p *program) openPatiently(ctx context.Context) (*core, error) {
	for start := time.Now(); ; {
		c, err := p.open(ctx)
		if err == nil || !errors.Is(err, resources.ErrBusy) || time.Since(start) > startPatience {
			return c, err
		}
		p.log.WarnContext(ctx, "the database is away; trying again", "error", err)
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// lingering is a context that ends a while after another one, or when it is stopped.
func lingering(ctx context.Context, delay time.Duration) (context.Context, context.CancelFunc) {
	later, stop := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		if delay <= 0 {
			stop()
			return
		}
		time.AfterFunc(delay, stop)
	})
	return later, stop
}

// announcing tells load balancers, from the moment that the server was told to stop, to send nobody here any more: it is
// not ready, and each connection ends with its answer. Requests are served all the same: a load balancer takes a while
// to notice.
func announcing(told <-chan struct{}, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-told:
		default:
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		if r.URL.Path == "/readyz" {
			w.Header().Set("Retry-After", "1")
			http.Error(w, "the server is about to stop", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// listenAndDrain serves until ctx ends, then lets the requests under way finish.
func listenAndDrain(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      writeTime,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := s.Shutdown(drain); err != nil {
		return fmt.Errorf("drain %s: %w", l.Addr(), err)
	}
	return nil
}
