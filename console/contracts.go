package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Role is what a signed-in person may do.
type Role string

// The roles.
const (
	RoleAdmin   Role = "admin"   // sees and acts
	RoleAuditor Role = "auditor" // sees
)

// Session is a signed-in person, in one company.
type Session struct {
	Company     string // UUID
	CompanyName string
	Admin       string // id, for the audit record
	Person      string // id of the User; empty for someone the directory does not know
	Name        string // what to call the person; may be empty
	Email       string
	Role        Role
}

// Issuer is an OpenID provider that a company's people sign in with.
type Issuer struct {
	ID      string
	Name    string
	Company string // the company's name
}

// ErrNoSession says that the browser has no session in force.
var ErrNoSession = errors.New("not signed in")

// ErrWhichCompany says that the server has several companies and that the address, or its absence, tells none of them.
var ErrWhichCompany = errors.New("the address tells no company")

// RefusedError is a sign-in that was stopped. The person learns what to do (Kind) and a reference; which rule it was is
// in the audit record (clients.md 9.2, rule 12).
type RefusedError struct {
	Status    int    // of the answer; 0: 403
	Kind      string // again, cancelled, refused, provider, fault; empty: refused
	Reference string
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("sign-in refused (%s), reference %s", e.Kind, e.Reference)
}

// SignIn is the OpenID Connect relying party and its sessions.
type SignIn interface {
	// Issuers lists the providers that the holder of a work address can sign in with: those of the company whose domain
	// it is in, and of no other. ErrWhichCompany when there is none such; a server's only company needs no address.
	Issuers(ctx context.Context, address string) ([]Issuer, error)
	// Begin starts a sign-in: it sets the cookie that binds it to this browser and returns the provider's address. A
	// refusal is a *RefusedError.
	Begin(w http.ResponseWriter, r *http.Request, issuer, returnTo string) (string, error)
	// Finish ends a sign-in at the provider's redirect to /sign-in/{issuer}/callback: it sets the session cookie and
	// returns where to go on. A refusal is a *RefusedError.
	Finish(w http.ResponseWriter, r *http.Request) (returnTo string, err error)
	// Current returns the session of a request, or ErrNoSession.
	Current(r *http.Request) (Session, error)
	// End ends the session of a request and removes its cookie.
	End(w http.ResponseWriter, r *http.Request) error
}
