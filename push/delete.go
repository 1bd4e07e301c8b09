package push

import (
	"context"

	"proprio/push/profiles"
	"proprio/resources"
)

// mayDelete says whether an account whose access ended long ago is to be deleted in the app. That is only done where the app's
// settings ask for it, with what the engine made itself, and never at once: until then all of it can be taken back.
func (j *job) mayDelete() bool {
	days := j.app.Settings.DeleteAfterDays
	return deletes(j.app, j.profile) && j.account.Origin == OriginCreated && j.account.RemoteID != "" &&
		!j.account.RetiredAt.IsZero() && !j.now.Before(j.account.RetiredAt.AddDate(0, 0, days))
}

// deletes says whether an app's settings ask for deletions, and its product knows them beside deactivation.
func deletes(app App, p profiles.Profile) bool {
	return app.Settings.DeleteAfterDays > 0 && !p.Users.NoDelete && p.Users.Deactivate != "delete"
}

// delete takes the account itself away.
func (j *job) delete(ctx context.Context) error {
	j.doing("delete")
	if err := j.client.Delete(ctx, endpointUsers, j.account.RemoteID); err != nil {
		f := judge(err, onObject)
		gone, check := j.gone(ctx, f)
		switch {
		case check != nil:
			return check
		case !gone:
			return f
		}
	}
	j.changed = append(j.changed, "delete")
	return j.absent()
}

// Expire makes due the accounts of an app whose time to be deleted has come. It returns how many.
func (e *Engine) Expire(ctx context.Context, app App) (int, error) {
	p, err := e.Profile(app)
	if err != nil || !deletes(app, p) {
		return 0, err
	}
	defer e.Wake()
	now, all := e.Now(), 0
	for {
		n, err := e.Store.RaiseRetired(ctx, app.Company, app.ID, now, now.AddDate(0, 0, -app.Settings.DeleteAfterDays), planBatch)
		all += n
		if err != nil || n < planBatch {
			return all, err
		}
	}
}

// checkDelay says what is wrong with Settings.DeleteAfterDays.
func checkDelay(days int) error {
	if days < 0 || days > longestDelay {
		return resources.Errorf(resources.ErrInvalidValue, "",
			"deleteAfterDays: want 0 (never) to %d, not %d", longestDelay, days)
	}
	return nil
}

// longestDelay bounds Settings.DeleteAfterDays: ten years.
const longestDelay = 3650
