package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"proprio/console"
	"proprio/resources"
)

func TestEveryRequestHasADeadlineBeforeItsAnswerCanNoLongerBeWritten(t *testing.T) {
	t.Parallel()
	if requestTime >= writeTime {
		t.Errorf("a request may take %s, its answer is written for %s", requestTime, writeTime)
	}
	p := &program{cfg: Config{Data: t.TempDir()}, getenv: func(string) string { return "" }, log: slog.New(slog.DiscardHandler)}
	c, err := p.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	i, err := newInstance(c, "http://localhost", "")
	if err != nil {
		t.Fatal(err)
	}
	asked := deadlines{c.db, make(chan time.Time, 1)}
	i.scim.Connections = asked
	r := httptest.NewRequest(http.MethodGet, "/scim/v2/Users", nil)
	r.Header.Set("Authorization", "Bearer 0123456789012345678901234567890123456789")
	i.handler().ServeHTTP(httptest.NewRecorder(), r)
	if at := <-asked.at; at.IsZero() || time.Until(at) > requestTime {
		t.Errorf("the deadline of a SCIM request is %v", at)
	}
	i.console.SignIn = signInDeadline{i.console.SignIn, asked.at}
	i.handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/people", nil))
	if at := <-asked.at; at.IsZero() || time.Until(at) > requestTime {
		t.Errorf("the deadline of a page is %v", at)
	}
}

// deadlines notes until when a SCIM request may take, as the first that it asks of the database knows it.
type deadlines struct {
	resources.Connections
	at chan time.Time
}

func (d deadlines) Authenticate(ctx context.Context, _ [32]byte, _ time.Time) (resources.Token, resources.Connection, error) {
	at, _ := ctx.Deadline()
	d.at <- at
	return resources.Token{}, resources.Connection{}, resources.ErrNotFound
}

// signInDeadline notes the same of a page.
type signInDeadline struct {
	console.SignIn
	at chan time.Time
}

func (s signInDeadline) Current(r *http.Request) (console.Session, error) {
	at, _ := r.Context().Deadline()
	s.at <- at
	return console.Session{}, console.ErrNoSession
}
