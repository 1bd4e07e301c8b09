package push

import (
	"context"
	"strings"
)

// ahead says whether the app's yes to what the job changed may be ahead of what the app does.
func (j *job) ahead() bool {
	return j.profile.Answers.Ahead > 0 && len(j.changed) > 0 && j.account.RemoteID != "" &&
		(j.state == StateConfirmed || j.state == StateRemoved) && !j.rehearsed
}

// verify looks, some minutes after the app said yes to a change, whether it did so. What it did not do is sent again.
func (w *worker) verify(ctx context.Context, j *job) error {
	j.state, j.why = StateConfirmed, "the app said yes before"
	if j.account.Wish == WishInactive {
		j.state = StateRemoved
	}
	j.doing("verify")
	doc, err := j.client.Get(ctx, j.endpoint(), j.account.RemoteID)
	if err != nil {
		return j.unseen(ctx, judge(err, onObject))
	}
	c := comparison{Engine: w.engine, app: w.app, profile: w.profile, kind: j.account.ObjectType}
	line, err := c.known(ctx, j.account, doc)
	if err != nil || line.Verdict != Different {
		return err
	}
	repair, ok := line.repair()
	if !ok {
		return nil // an admin has to decide something else first: the next comparison says so
	}
	j.account.Written = repair.Written
	return sentAgain("shows something else now: " + strings.Join(line.Attributes, ", "))
}

// unseen deals with an account that the app does not show though it said yes.
func (j *job) unseen(ctx context.Context, f *failure) error {
	gone, err := j.gone(ctx, f)
	switch {
	case err != nil:
		return err
	case !gone:
		return f
	case j.account.Wish == WishInactive:
		return j.absent()
	}
	j.account.RemoteID, j.account.Written, j.account.Origin = "", nil, ""
	return sentAgain("does not have it now")
}

func sentAgain(words string) error {
	return &failure{class: ClassTransient, words: "the app said yes to the last change, but " + words + ". It is sent again"}
}
