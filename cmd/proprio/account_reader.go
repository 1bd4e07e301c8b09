package main

import (
	"context"

	"proprio/ownership"
)

// accountReader lets package ownership read an app's account list with the push engine's client.
type accountReader struct{ *core }

// ReadAccounts implements ownership.AccountReader.
func (r accountReader) ReadAccounts(ctx context.Context, ref ownership.AppRef) ([]ownership.RemoteAccount, error) {
	app, err := r.db.App(ctx, ref.Company, ref.ID)
	if err != nil {
		return nil, err
	}
	users, profile, err := r.engine.ListUsers(ctx, app)
	if err != nil {
		return nil, err
	}
	accounts := make([]ownership.RemoteAccount, 0, len(users))
	for _, u := range users {
		a, err := ownership.AccountFromSCIM(u, ownership.Roles(profile.Roles))
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
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
