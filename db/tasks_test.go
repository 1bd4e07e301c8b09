package db_test

import (
	"testing"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/push"
	"proprio/push/manual"
)

// What somebody refused to do is asked for again only by who tries that again, not by who retries failures of another class.
func TestRetryFailed_ofAClass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPushed(t, d)
		ctx := t.Context()
		refused, unanswered := p.raise("User", "anna"), p.raise("User", "ben")
		refused.State, refused.Class = push.StateFailed, push.ClassNeedsAdmin
		need := manual.Need{Known: true, Action: manual.ActionCreate, Days: 5, Wanted: []byte(`{"userName":"anna"}`)}
		p.check(d.Record(ctx, p.lease, p.now, nil, push.Result{Account: refused, Need: &need}))
		opened, err := d.LatestTask(ctx, p.company, refused.ID)
		p.check(err)
		_, err = d.ChangeTask(ctx, p.company, opened.ID, func(t manual.Task) (manual.Change, error) {
			t, err := t.Refuse(manual.Closing{By: "karim", Proof: "no seat left"}, p.now)
			return manual.Change{Task: t, Entry: audit.Entry{Company: p.company, At: p.now, ObjectType: "task", ObjectID: t.ID}, Quiet: true}, err
		})
		p.check(err)
		fail := func() {
			unanswered, err := d.PushAccount(ctx, p.company, unanswered.ID)
			p.check(err)
			unanswered.State, unanswered.Class = push.StateFailed, push.ClassTransient
			p.check(d.Record(ctx, p.lease, p.now, nil, push.Result{Account: unanswered}))
		}
		for _, step := range []struct {
			class push.Class
			tried int
			state manual.State
		}{
			{push.ClassTransient, 1, manual.StateRefused}, {push.ClassNeedsData, 0, manual.StateRefused}, {push.ClassNeedsAdmin, 1, manual.StateWithdrawn},
		} {
			fail()
			n, err := d.RetryFailed(ctx, audit.Actor{}, p.company, p.app.ID, step.class, p.now)
			p.check(err)
			if task, err := d.Task(ctx, p.company, opened.ID); n != step.tried || err != nil || task.State != step.state {
				t.Errorf("retry of what is %s: %d tried again, the task is %s, %v; want %d, %s", step.class, n, task.State, err, step.tried, step.state)
			}
		}
	})
}
