package push

import "errors"

// ErrLeaseLost says that another owner holds the app's lease, so the result is not recorded.
var ErrLeaseLost = errors.New("the app's lease went to another owner")
