package push

import (
	"context"
	"fmt"
	"slices"
)

// spared are the due accounts that are administrators of the app, as its list showed them, and whose access would end. They
// are dealt with one after the other: of two last administrators one stays.
func (w *worker) spared(ctx context.Context, due []Account) (administrators, others []Account, err error) {
	var ids []string
	for _, a := range due {
		if endsAccess(a) {
			ids = append(ids, a.RemoteID)
		}
	}
	if len(ids) == 0 {
		return nil, due, nil
	}
	among, err := w.engine.Store.AdministratorsAmong(ctx, w.app.Company, w.app.ID, ids)
	if err != nil {
		return nil, nil, fmt.Errorf("look for administrators: %w", err)
	}
	for _, a := range due {
		if endsAccess(a) && slices.Contains(among, a.RemoteID) {
			administrators = append(administrators, a)
		} else {
			others = append(others, a)
		}
	}
	return administrators, others, nil
}

// mayEnd refuses to take away the access of the app's last administrator, as its list last showed them: nobody could give
// another one the role.
func (j *job) mayEnd(ctx context.Context) error {
	if j.account.RemoteID == "" {
		return nil
	}
	last, err := j.store.LastAdministrator(ctx, j.account.Company, j.account.App, j.account.RemoteID)
	if err != nil {
		return err
	}
	if last {
		return needs(ClassNeedsAdmin, "%s is the last administrator that %s shows, so the access stays: make somebody else an "+
			"administrator there, have its accounts read again (proprio app read), then retry", j.account.ObjectName, j.app.Name)
	}
	return nil
}
