package db_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
)

// Two people who change an app at once both have their way: each changes it as it is, not as it was read.
func TestUpdateApp_undoesNothingOfOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		camille := audit.Actor{Kind: audit.ActorAdmin, Name: "camille"}
		started := make(chan struct{})
		var both sync.WaitGroup
		var faults [2]error
		both.Go(func() {
			_, faults[0] = d.UpdateApp(t.Context(), camille, p.company, p.app.ID, func(now push.App) (push.App, error) {
				now.Paused = true
				select {
				case <-started: // f may run more than once
				default:
					close(started)
				}
				return now, nil
			})
		})
		both.Go(func() {
			<-started
			_, faults[1] = d.ReplaceApp(t.Context(), camille, p.company, p.app.ID, []byte("new"), func(now push.App) (push.App, error) {
				now.URL = "https://elsewhere.example/scim/v2"
				return now, nil
			})
		})
		both.Wait()
		p.check(errors.Join(faults[:]...))
		after, err := d.App(t.Context(), p.company, p.app.ID)
		if err != nil || !after.Paused || after.URL != "https://elsewhere.example/scim/v2" {
			t.Errorf("after both: %+v, %v", after, err)
		}
	})
}

// Many changes at once are all there at the end.
func TestUpdateApp_losesNone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		const many = 12
		var all sync.WaitGroup
		faults := make([]error, many)
		for i := range many {
			all.Go(func() {
				_, faults[i] = d.UpdateApp(t.Context(), audit.Actor{}, p.company, p.app.ID, func(now push.App) (push.App, error) {
					now.ScopeGroups = append(now.ScopeGroups, fmt.Sprint("group ", i))
					return now, nil
				})
			})
		}
		all.Wait()
		p.check(errors.Join(faults...))
		if after, err := d.App(t.Context(), p.company, p.app.ID); err != nil || len(after.ScopeGroups) != many+len(p.app.ScopeGroups) {
			t.Errorf("%d groups, %v", len(after.ScopeGroups), err)
		}
	})
}

// The time for which an app asked to be left alone is not forgotten by a pause; a new token is tried at once.
func TestUpdateApp_aPauseKeepsTheBlock(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		until := p.now.Add(time.Hour)
		p.check(d.BlockApp(t.Context(), p.company, p.app.ID, until, "asked for an hour", 3))
		for _, paused := range []bool{true, false} {
			after, err := d.UpdateApp(t.Context(), audit.Actor{}, p.company, p.app.ID, func(now push.App) (push.App, error) {
				now.Paused = paused
				return now, nil
			})
			stored, err2 := d.App(t.Context(), p.company, p.app.ID)
			p.check(errors.Join(err, err2))
			if !stored.BlockedUntil.Equal(until) || stored.Failures != 3 || stored.Paused != paused || !after.BlockedUntil.Equal(until) {
				t.Errorf("paused %t: %+v", paused, stored)
			}
		}
		same := func(now push.App) (push.App, error) { return now, nil }
		after, err := d.ReplaceApp(t.Context(), audit.Actor{}, p.company, p.app.ID, []byte("new"), same)
		stored, err2 := d.App(t.Context(), p.company, p.app.ID)
		p.check(errors.Join(err, err2))
		if !stored.BlockedUntil.IsZero() || stored.BlockedReason != "" || !after.BlockedUntil.IsZero() {
			t.Errorf("with a new token: %+v", stored)
		}
	})
}
