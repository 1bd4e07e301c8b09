package scim_test

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim"
)

// A connection's requests are kept for the admin, without secrets (Q13, H8).
func TestExchangesAreKeptWithoutSecrets(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		log := slog.New(slog.DiscardHandler)
		recorder := scim.NewRecorder(d, log)
		over := make(chan int, 100)
		w := newWorld(t, d, func(s *scim.Server) {
			s.Recorder = recorder
			s.Observe = func(_ context.Context, _, _ string, status int, _ time.Duration) { over <- status }
		})
		c, other := w.tenant("Société", ""), w.tenant("Autre", "")

		token, _ := resources.NewToken()
		id := c.addUser("anne@societe.example", object{"password": "S3cret-one", "title": "kept title"})
		c.do("PATCH", "/Users/"+id, patch(op("replace", "Password", "S3cret-two"))).must(200)
		c.do("PATCH", "/Users/"+id, `{"Operations":[{"value":{"password":"S3cret-three"},"op":"replace"}]}`).must(200)
		c.do("PATCH", "/Users/"+id, patch(op("replace", "nickName", token))).must(200)
		c.do("GET", `/Users?filter=password eq "S3cret-four"&access_token=S3cret-five`, nil)
		c.do("POST", "/Users", `{"password":"S3cret-six`).must(400)
		c.do("POST", "/Users", `{"userName": not JSON`).must(400)
		c.do("POST", "/Users", `{"password":"S3cret-seven","pad":"`+strings.Repeat("x", 100<<10)+`"}`).must(400)
		c.do("GET", "/Users", nil, "Authorization", "Bearer "+token).must(401)

		for range 9 { // the last part of a request happens after its answer
			<-over
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		recorder.Run(ctx) // stores what was recorded, then ends

		kept, err := d.Exchanges(context.Background(), c.company, c.connection.ID, 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(kept) != 8 {
			t.Errorf("%d exchanges, want 8: one without a good token is nobody's", len(kept))
		}
		var all strings.Builder
		for _, e := range kept {
			all.WriteString(e.Method + " " + e.Path + " " + string(e.Request) + string(e.Response) + "\n")
			if len(e.Request) > 4<<10 || len(e.Response) > 4<<10 || e.Status == 0 || e.At.IsZero() || e.ID == "" {
				t.Errorf("exchange %+v", e)
			}
		}
		for _, secret := range []string{"S3cret", token, c.token} {
			if strings.Contains(all.String(), secret) {
				t.Errorf("%q was kept:\n%s", secret, all.String())
			}
		}
		for _, wanted := range []string{"kept title", "anne@societe.example", "not JSON", "invalidSyntax", "POST " + scim.BasePath + "/Users"} {
			if !strings.Contains(all.String(), wanted) {
				t.Errorf("%q was not kept:\n%s", wanted, all.String())
			}
		}
		if others, err := d.Exchanges(context.Background(), other.company, other.connection.ID, 50); err != nil || len(others) != 0 {
			t.Errorf("the other company sees %v, %v", others, err)
		}
	})
}

// stuckStore never finishes until it is let go. It notes the most it was given at once.
type stuckStore struct {
	enter chan struct{}
	leave chan struct{}
	most  *atomic.Int64
}

func (s stuckStore) RecordExchange(ctx context.Context, exchanges ...resources.Exchange) error {
	s.most.Store(max(s.most.Load(), int64(len(exchanges))))
	select {
	case s.enter <- struct{}{}:
	default:
	}
	select {
	case <-s.leave:
	case <-ctx.Done():
	}
	return nil
}

func (stuckStore) RecordSeen(context.Context, resources.Seen) error { return nil }

// A store that hangs holds up no request, and what waits for it is bounded.
func TestASlowRecorderHoldsUpNoRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		store := stuckStore{make(chan struct{}, 1), make(chan struct{}), new(atomic.Int64)}
		recorder := scim.NewRecorder(store, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			recorder.Run(ctx)
			close(done)
		}()
		c := newWorld(t, d, func(s *scim.Server) { s.Recorder = recorder }).tenant("Société", "")
		c.do("GET", "/ServiceProviderConfig", nil).must(200)
		<-store.enter // the recorder is stuck in the store from here on
		for range 400 {
			c.do("GET", "/ServiceProviderConfig", nil).must(200)
		}
		close(store.leave)
		cancel()
		<-done
		if n := store.most.Load(); n != resources.KeptExchanges {
			t.Errorf("%d exchanges of a connection were written at once, want the %d that are kept", n, resources.KeptExchanges)
		}
	})
}

// Metrics and log: one of each per request, by route, without personal data.
func TestEveryRequestIsObservedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type seen struct {
			route, method string
			status        int
		}
		over := make(chan seen, 1)
		log := &strings.Builder{}
		w := newWorld(t, d, func(s *scim.Server) {
			s.Observe = func(_ context.Context, route, method string, status int, _ time.Duration) {
				over <- seen{route, method, status}
			}
			s.Log = slog.New(slog.NewTextHandler(log, nil))
		})
		expect := func(want seen) {
			t.Helper()
			if got := <-over; got != want {
				t.Errorf("observed %v, want %v", got, want)
			}
		}
		c := w.tenant("Société", "")
		id := c.addUser("anne@societe.example", object{"shoeSize": "forty-four"})
		expect(seen{"/Users", "POST", 201})
		c.do("GET", "/users/"+id+"/", nil).must(200)
		expect(seen{"/Users/{id}", "GET", 200})
		c.do("GET", "/Users/nobody@societe.example", nil).must(404)
		expect(seen{"/Users/{id}", "GET", 404})
		c.do("GET", "/nowhere", nil).must(404)
		expect(seen{"", "GET", 404})
		c.do("GET", "/Users", nil, "Authorization", "").must(401)
		expect(seen{"", "GET", 401})
		c.do("DELETE", "/Users", nil).must(405)
		expect(seen{"/Users", "DELETE", 405})
		const requests = 6
		if n := strings.Count(log.String(), "msg=scim"); n != requests {
			t.Errorf("%d log lines, want %d", n, requests)
		}
		for _, personal := range []string{"anne", "nobody", "forty-four", c.token} {
			if strings.Contains(log.String(), personal) {
				t.Errorf("the log shows %q:\n%s", personal, log.String())
			}
		}
		if !strings.Contains(log.String(), "shoeSize") || !strings.Contains(log.String(), c.connection.ID) {
			t.Errorf("the log lacks the ignored attribute or the connection:\n%s", log.String())
		}
	})
}
