package console

import (
	"context"
	"fmt"

	"proprio/resources"
)

func (c *Console) syncApp(v *visit) error {
	return c.actOnApp(v, "sync", func(ctx context.Context, app App) error {
		return c.Engine.Sync(ctx, v.actor(), v.session.Company, app.ID)
	})
}

// readApp reads the app's account list while the reader waits. A reading that fails is no fault of this page: the app's
// page says why, as ownership noted it.
func (c *Console) readApp(v *visit) error {
	ctx := v.r.Context()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	if err := c.Engine.ReadAccounts(ctx, v.actor(), v.session.Company, app.ID); err != nil {
		c.Logger.WarnContext(ctx, "accounts not read", "app", app.ID, "error", err)
		return back(v, "/apps/"+app.ID, "problem", "read")
	}
	if v.r.PostFormValue("to") == "accounts" {
		return back(v, "/apps/"+app.ID+"/accounts", "done", "read")
	}
	return back(v, "/apps/"+app.ID, "done", "read")
}

func (c *Console) pauseApp(v *visit) error {
	return c.actOnApp(v, "pause", func(ctx context.Context, app App) error {
		return c.Engine.SetPaused(ctx, v.actor(), v.session.Company, app.ID, true)
	})
}

func (c *Console) resumeApp(v *visit) error {
	return c.actOnApp(v, "resume", func(ctx context.Context, app App) error {
		return c.Engine.SetPaused(ctx, v.actor(), v.session.Company, app.ID, false)
	})
}

func (c *Console) unblockApp(v *visit) error {
	return c.actOnApp(v, "unblock", func(ctx context.Context, app App) error {
		return c.Engine.Unblock(ctx, v.actor(), v.session.Company, app.ID)
	})
}

func (c *Console) retryAccount(v *visit) error {
	return c.actOnApp(v, "retry", func(ctx context.Context, app App) error {
		return c.Engine.Retry(ctx, v.actor(), v.session.Company, app.ID, v.r.PathValue("account"))
	})
}

// retryFailed tries all that failed again, or what failed for one class of reasons.
func (c *Console) retryFailed(v *visit) error {
	class := v.r.PostForm.Get("class")
	if class != "" && oneOf(class, failureClasses()...) == "" {
		return resources.Errorf(resources.ErrNotFound, "", "no failure %q", class)
	}
	return c.actOnApp(v, "retry", func(ctx context.Context, app App) error {
		return c.Engine.RetryFailed(ctx, v.actor(), v.session.Company, app.ID, class)
	})
}

func (c *Console) allowRemovals(v *visit) error { return c.decideRemovals(v, "allow", true) }

func (c *Console) rejectRemovals(v *visit) error { return c.decideRemovals(v, "reject", false) }

// decideRemovals decides about removals that are held: the one that the form names, or all when it says so.
func (c *Console) decideRemovals(v *visit, done string, allow bool) error {
	account := v.r.PostForm.Get("account")
	if (account == "") != (v.r.PostForm.Get("all") != "") {
		return fmt.Errorf("%w: it names neither one removal nor all, or both", errForm)
	}
	return c.actOnApp(v, done, func(ctx context.Context, app App) error {
		return c.Engine.Decide(ctx, v.actor(), v.session.Company, app.ID, account, allow)
	})
}

// actOnApp runs an action on an app of the session's company and comes back to its page.
func (c *Console) actOnApp(v *visit, done string, action func(context.Context, App) error) error {
	ctx := v.r.Context()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	if err := action(ctx, app); err != nil {
		return err
	}
	return back(v, "/apps/"+app.ID, "done", done)
}
