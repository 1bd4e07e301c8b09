package dbtest

import (
	"context"

	"proprio/audit"
	"proprio/db"
	"proprio/push"
)

// UpdateApp stores an app as a test has it, whatever it is now.
func UpdateApp(ctx context.Context, d *db.DB, actor audit.Actor, a push.App) error {
	_, err := d.UpdateApp(ctx, actor, a.Company, a.ID, instead(a))
	return err
}

// ReplaceApp is UpdateApp with another credential.
func ReplaceApp(ctx context.Context, d *db.DB, actor audit.Actor, a push.App, credential []byte) error {
	_, err := d.ReplaceApp(ctx, actor, a.Company, a.ID, credential, instead(a))
	return err
}

func instead(a push.App) func(push.App) (push.App, error) {
	return func(push.App) (push.App, error) { return a, nil }
}
