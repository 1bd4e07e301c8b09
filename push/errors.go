package push

import "errors"

var (
	// ErrLeaseLost says that another owner holds the app's lease, so the result is not recorded.
	ErrLeaseLost = errors.New("the app's lease went to another owner")
	// ErrMoved says that the app's address changed since it was read, so that its credential is meant for another one.
	ErrMoved = errors.New("the app has got another address meanwhile")
)
