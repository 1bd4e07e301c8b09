package oidc

import (
	"context"
	"time"
)

// Actor is who changed an issuer or an admin. The zero value is somebody with access to the machine.
type Actor struct {
	Admin string // id of a signed-in admin; empty: the command line
	Name  string // what a reader recognises
}

// Act is what happened.
type Act string

// The acts.
const (
	ActSignIn  Act = "sign-in"
	ActBind    Act = "bind" // the first sign-in of a listed admin
	ActSignOut Act = "sign-out"
	ActRefuse  Act = "refuse" // a sign-in was refused
	ActEnd     Act = "end"    // a session was ended by a rule
)

// Event is one act, for the record. It never holds a token, a code or a secret.
type Event struct {
	Company string
	At      time.Time
	Act     Act
	Reason  Reason // ActRefuse and ActEnd
	Alarm   bool   // somebody should look at it
	Issuer  string // issuer's id
	Admin   string // admin's id, when known
	Address string // as the issuer gave it, or as listed
	Subject string
	// Reference is what the refused user was shown.
	Reference string
}

// Recorder keeps events.
type Recorder interface {
	RecordSignIn(ctx context.Context, e Event) error
}
