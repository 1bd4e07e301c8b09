package ownership_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"proprio/ownership"
)

// What stands in an app is seen within minutes: an app is read at once when it is added while the server runs, within a
// minute that is, and then once in each interval, though another app takes long to answer.
func TestInspector_Run_whenAppsAreRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &schedule{start: time.Now(), claimed: map[string]time.Time{}, apps: []string{"slow", "old"}}
		i := &ownership.Inspector{Reader: s, Store: s, Apps: s.list, Interval: 15 * time.Minute, Now: time.Now, NewID: newID,
			Log: slog.New(slog.DiscardHandler)}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		defer running.Wait()
		defer stop()
		running.Go(func() { _ = i.Run(ctx) })
		time.Sleep(90 * time.Second)
		s.add("new")
		time.Sleep(30*time.Minute - 90*time.Second + time.Second)
		synctest.Wait()
		if got := s.of("old"); !slices.Equal(got, []time.Duration{0, 15 * time.Minute, 30 * time.Minute}) {
			t.Errorf("an app of old is read at %v", got)
		}
		if got := s.of("new"); len(got) != 2 || got[0] != 2*time.Minute || got[1] != 17*time.Minute {
			t.Errorf("an app that was added after 1m30s is read at %v", got)
		}
	})
}

// Apps that answer without end, more of them than are read at once, do not keep the others from being read.
func TestInspector_ReadDue_givesUpOnAnAppThatNeverEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &schedule{start: time.Now(), claimed: map[string]time.Time{}, apps: []string{"endless", "endless", "endless", "endless", "endless", "last"}}
		for n := range s.apps {
			s.apps[n] += string(rune('0' + n))
		}
		i := &ownership.Inspector{Reader: s, Store: s, Apps: s.list, Interval: 15 * time.Minute, Now: time.Now, NewID: newID,
			Log: slog.New(slog.DiscardHandler)}
		err := i.ReadDue(t.Context())
		if took := time.Since(s.start); took != 10*time.Minute || len(s.of("last5")) != 1 {
			t.Errorf("took %s, reads %v; want five minutes for each endless one, four at once, and all apps read", took, s.reads)
		}
		if !errors.Is(err, ownership.ErrIncomplete) || len(s.failed) != 6 || !strings.Contains(s.failed["endless0"], "within 5m0s") {
			t.Errorf("%v; noted %q", err, s.failed)
		}
	})
}

// schedule is a store and a reader that know nothing but when each app was read. The app called slow takes 20 seconds,
// those called endless take as long as they are let.
type schedule struct {
	ownership.Store
	start   time.Time
	mu      sync.Mutex
	apps    []string
	claimed map[string]time.Time
	reads   []reading
	failed  map[string]string
}

type reading struct {
	app   string
	after time.Duration
}

func (s *schedule) list(context.Context) ([]ownership.AppRef, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refs []ownership.AppRef
	for _, name := range s.apps {
		refs = append(refs, ownership.AppRef{Company: "c", ID: name, Name: name})
	}
	return refs, nil
}

func (s *schedule) add(app string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.apps = append(s.apps, app)
}

// of returns when an app was read, from the start on.
func (s *schedule) of(app string) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var at []time.Duration
	for _, r := range s.reads {
		if r.app == app {
			at = append(at, r.after)
		}
	}
	return at
}

// ClaimReading implements ownership.Store as the database does (see TestClaimReading).
func (s *schedule) ClaimReading(_ context.Context, app ownership.AppRef, now time.Time, interval time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, tried := s.claimed[app.ID]; tried && last.After(now.Add(-interval)) {
		return false, nil
	}
	s.claimed[app.ID] = now
	return true, nil
}

// FailReading implements ownership.Store.
func (s *schedule) FailReading(_ context.Context, app ownership.AppRef, _ time.Time, why string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = map[string]string{}
	}
	s.failed[app.ID] = why
	return nil
}

// ReadAccounts implements ownership.AccountReader.
func (s *schedule) ReadAccounts(ctx context.Context, app ownership.AppRef) ([]ownership.RemoteAccount, error) {
	s.mu.Lock()
	s.reads = append(s.reads, reading{app.ID, time.Since(s.start)})
	s.mu.Unlock()
	if strings.HasPrefix(app.ID, "endless") {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if app.ID == "slow" {
		answer := time.NewTimer(20 * time.Second)
		defer answer.Stop()
		select {
		case <-answer.C:
		case <-ctx.Done():
		}
	}
	return nil, errors.New("no answer")
}
