package resources

import (
	"context"
	"errors"
	"math"
)

// Policy is the company's rules for who may be in the directory. Package ownership implements it; Directory asks it on
// every path that writes a User, before the write.
type Policy interface {
	// Judge looks at a User about to be written. doc is the whole new document in the schema's form. outdated is a
	// generation of the company's rules that is known to be out of date; 0: none, and [AnyRules]: whatever was read before.
	// The error is
	// ErrInvalidValue with the attribute's path to refuse the write.
	Judge(ctx context.Context, company string, doc Document, outdated int64) (Judgement, error)
}

// AnyRules says of all rules that were read before that they may be out of date.
const AnyRules = math.MaxInt64

// Judgement is what the company's rules say of a User.
type Judgement struct {
	Hold  string // why the User is not in force; empty: is
	Rules int64  // generation of the rules that say so: the write is made only while they hold. 0: they never change
}

// pathRules is the path of [RulesChanged].
const pathRules = "rules"

// RulesChanged is the store's error for a change that was judged by rules which are out of date.
func RulesChanged() error {
	return Errorf(ErrBusy, pathRules, "The company's rules have just been changed; try again.")
}

func isRulesChanged(err error) bool {
	var e *Error
	return errors.As(err, &e) && errors.Is(e.Kind, ErrBusy) && e.Path == pathRules
}
