package db_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
)

// An app's log is read by person, action and outcome, page by page, also when the object is long gone.
func TestAttemptsAreFoundAndPaged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p, other := newPushed(t, d), newPushed(t, d)
		say := func(p *pushed, a push.Account, action, outcome string) {
			p.check(d.Record(t.Context(), p.lease, p.now, nil, push.Result{Account: a, Attempts: []push.Attempt{
				{Account: a.ID, At: p.now, Action: action, Outcome: outcome},
			}}))
		}
		anne := p.raise("User", "u")
		anne.ObjectName = "Anne.Leroy@x.example"
		group := p.raise("Group", "g")
		group.ObjectName = "100%_Anne"
		say(p, anne, "create", "ok")
		say(p, anne, "update", "409 taken")
		say(p, group, "members", "ok")
		p.check(d.RecordAttempts(t.Context(), push.Attempt{Company: p.company, App: p.app.ID, At: p.now, Action: "compare", Outcome: "ok"}))
		say(other, other.raise("User", "u"), "create", "ok")

		for _, test := range []struct {
			name string
			q    push.AttemptQuery
			want []string
		}{
			{"all, newest first", push.AttemptQuery{}, []string{"compare", "members", "update", "create"}},
			{"a part of a name", push.AttemptQuery{Name: "anne.LEROY"}, []string{"update", "create"}},
			{"no wildcards", push.AttemptQuery{Name: "%_a"}, []string{"members"}},
			{"an account", push.AttemptQuery{Account: anne.ID}, []string{"update", "create"}},
			{"an action", push.AttemptQuery{Action: "members"}, []string{"members"}},
			{"what failed", push.AttemptQuery{Failed: true}, []string{"update"}},
			{"all of it together", push.AttemptQuery{Name: "anne", Failed: true, Action: "create"}, nil},
		} {
			var got []string
			for _, a := range p.attempts(test.q) {
				got = append(got, a.Action)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%s: %v, want %v", test.name, got, test.want)
			}
		}
		var got []string
		for q := (push.AttemptQuery{Limit: 1}); ; {
			page := p.attempts(q)
			if len(page) == 0 {
				break
			}
			got, q.Before = append(got, fmt.Sprint(page[0].Action, " ", page[0].ObjectType, page[0].ObjectID, page[0].ObjectName)), page[0].ID
		}
		want := []string{"compare ", "members Groupg100%_Anne", "update UseruAnne.Leroy@x.example", "create UseruAnne.Leroy@x.example"}
		if !slices.Equal(got, want) {
			t.Errorf("page by page %q, want %q", got, want)
		}
	})
}

// The log of each app loses what is old, and what is too much.
func TestOldAttemptsArePurged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const many = 2100 // more than one transaction takes away
		p, other := newPushed(t, d), newPushed(t, d)
		for _, p := range []*pushed{p, other} {
			a := p.raise("User", "u")
			r := push.Result{Account: a}
			for i := range many {
				at := p.now.Add(time.Duration(i) * time.Second)
				r.Attempts = append(r.Attempts, push.Attempt{Account: a.ID, At: at, Action: fmt.Sprint(i), Outcome: "NUL \x00 and \xff"})
			}
			p.check(d.Record(t.Context(), p.lease, p.now, nil, r))
		}
		for _, test := range []struct {
			name   string
			before time.Duration
			keep   int
			first  string
			left   int
		}{
			{"nothing is old or too much", 0, many, "0", many},
			{"what is old goes", 50 * time.Second, many, "50", many - 50},
			{"all but the newest go", 50 * time.Second, 30, "2070", 30},
			{"and all that is old", many * time.Second, 30, "", 0},
		} {
			p.check(d.PurgeAttempts(t.Context(), p.now.Add(test.before), test.keep))
			for _, p := range []*pushed{p, other} {
				var list []push.Attempt
				for q := (push.AttemptQuery{}); ; q.Before = list[len(list)-1].ID {
					page := p.attempts(q)
					if list = append(list, page...); len(page) == 0 {
						break
					}
				}
				if len(list) != test.left || len(list) > 0 && (list[0].Action != "2099" || list[len(list)-1].Action != test.first) {
					t.Errorf("%s: %d attempts", test.name, len(list))
				}
			}
		}
	})
}

func (p *pushed) attempts(q push.AttemptQuery) []push.Attempt {
	p.t.Helper()
	list, err := p.d.Attempts(p.t.Context(), p.company, p.app.ID, q)
	p.check(err)
	return list
}

// What failed is tried again at once, all of it or one class, in this app and no other.
func TestFailedAccountsAreTriedAgainTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p, other := newPushed(t, d), newPushed(t, d)
		by := audit.Actor{Kind: audit.ActorAdmin, Name: "camille"}
		fail := func(p *pushed, object string, class push.Class) {
			a := p.raise("User", object)
			a.State, a.Class, a.Attempts, a.NextAttempt = push.StateFailed, class, 3, p.now.Add(time.Hour)
			p.check(d.Record(t.Context(), p.lease, p.now, nil, push.Result{Account: a}))
		}
		fail(p, "a", push.ClassNeedsAdmin)
		fail(p, "b", push.ClassNeedsAdmin)
		fail(p, "c", push.ClassNeedsData)
		fail(other, "a", push.ClassNeedsAdmin)
		retry := func(class push.Class, want int) {
			t.Helper()
			if n, err := d.RetryFailed(t.Context(), by, p.company, p.app.ID, class, p.now); err != nil || n != want {
				t.Errorf("retry %q: %d, %v; want %d", class, n, err, want)
			}
		}
		retry(push.ClassTransient, 0)
		retry(push.ClassNeedsAdmin, 2)
		retry(push.ClassNeedsAdmin, 0)
		retry("", 1)
		due, err := d.DueAccounts(t.Context(), p.lease, p.now, 10)
		if err != nil || len(due) != 3 || due[0].State != push.StatePending || due[0].Attempts != 0 {
			t.Errorf("due %+v, %v", due, err)
		}
		if left, err := d.DueAccounts(t.Context(), other.lease, p.now, 10); err != nil || len(left) != 0 {
			t.Errorf("another company's account is due: %+v, %v", left, err)
		}
		if n := p.recorded(audit.ActionSync, by); n != 2 {
			t.Errorf("%d entries tell who asked, want 2: what changes nothing is not recorded", n)
		}
	})
}

func (p *pushed) recorded(action audit.Action, by audit.Actor) (n int) {
	p.t.Helper()
	entries, err := p.d.Entries(p.t.Context(), p.company, audit.Query{ObjectType: "app", ObjectID: p.app.ID, Limit: 50})
	p.check(err)
	for _, e := range entries {
		if e.Action == action && e.Actor == by {
			n++
		}
	}
	return n
}

// A block that is made longer began with the first; a release ends it, and the next one begins anew.
func TestABlockKeepsWhenItBegan(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		by := audit.Actor{Kind: audit.ActorAdmin, Name: "camille"}
		since := func() time.Time {
			app, err := d.App(t.Context(), p.company, p.app.ID)
			p.check(err)
			return app.BlockedSince
		}
		block := func(until time.Time, failures int) {
			p.check(d.BlockApp(t.Context(), p.company, p.app.ID, until, "no answer", failures))
		}
		block(p.now.Add(time.Minute), 1)
		first := since()
		block(p.now.Add(time.Hour), 2)
		if first.IsZero() || !since().Equal(first) {
			t.Errorf("since %v, then %v", first, since())
		}
		block(time.Time{}, 0)
		if !since().IsZero() {
			t.Errorf("released, and blocked since %v", since())
		}
		block(p.now.Add(time.Minute), 1)
		p.check(d.UnblockApp(t.Context(), by, p.company, p.app.ID))
		p.check(d.UnblockApp(t.Context(), by, p.company, p.app.ID))
		app, err := d.App(t.Context(), p.company, p.app.ID)
		if err != nil || !app.BlockedUntil.IsZero() || !app.BlockedSince.IsZero() || app.Failures != 0 || app.BlockedReason != "" {
			t.Errorf("%+v, %v", app, err)
		}
		if n := p.recorded(audit.ActionModify, by); n != 1 {
			t.Errorf("%d entries of the release, want 1", n)
		}
	})
}
