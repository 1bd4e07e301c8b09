package main

import (
	"context"

	"proprio/ownership"
)

// accountReader lets package ownership read an app's account list with the push engine's client.
type accountReader struct{ *core }

// ReadAccounts implements ownership.AccountReader.
func (r accountReader) ReadAccounts(ctx context.Context, ref ownership.AppRef) ([]ownership.RemoteAccount, error) {
	ctx, end := r.traces.begin(ctx, "read accounts")
	defer end()
	app, err := r.db.App(ctx, ref.Company, ref.ID)
	if err != nil {
		return nil, err
	}
	list, err := r.engine.List(ctx, app)
	return list.Accounts, err
}

// ReadAccount implements ownership.SingleReader.
func (r accountReader) ReadAccount(ctx context.Context, ref ownership.AppRef, remoteID string) (ownership.RemoteAccount, bool, error) {
	app, err := r.db.App(ctx, ref.Company, ref.ID)
	if err != nil {
		return ownership.RemoteAccount{}, false, err
	}
	user, profile, err := r.engine.ReadUser(ctx, app, remoteID)
	if err != nil || user == nil {
		return ownership.RemoteAccount{}, false, err
	}
	a, err := ownership.AccountFromSCIM(user, ownership.Roles(profile.Roles))
	return a, err == nil, err
}
