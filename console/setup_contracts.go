package console

import (
	"context"
	"errors"

	"proprio/audit"
)

// Text is what comes in both languages with a product's profile.
type Text struct{ EN, FR string }

// Product is what is known of a product that an app can be.
type Product struct {
	Name, Title string
	Plan        string // that has to be bought
	Address     string // the form of its address; what stands in braces is the company's own
	Confidence  string // high, medium, low
	Manual      bool   // it has no interface: people do what has to be done, and Proprio says what
	Lines       bool   // its credential may have several lines
	Token       Text   // which credential it has to be, and where it is made
	Days        int    // how long the credential lives; 0: until it is revoked
	Personal    bool   // it dies with the account of the person who made it
	Groups      bool   // takes groups
	Warnings    []Text
	Facts       []ProductFact
	HandOver    []Text // what to do before an account is closed
	Sources     []string
}

// ProductFact is one thing to know of a product: the message product.<Key>, and what it is.
type ProductFact struct {
	Key  string
	Text Text
}

// productFacts are their keys.
func productFacts() []string {
	return []string{"externals", "data", "sessions", "delete", "reactivation", "protected"}
}

// NewApp is an app to add.
type NewApp struct {
	Product, Name, Responsible string
	Access
}

// Access is where an app is and what opens it.
type Access struct {
	URL          string
	Credential   string
	AllowPrivate bool // it may be in a private network
}

// ErrPrivate means that an app may not be in a private network there, as whoever runs the server has set it.
var ErrPrivate = errors.New("apps may not be in a private network there")

// Probe is what an app answered when it was tried.
type Probe struct {
	Users, Groups int
	Problem       string // a message probe.<Problem>; empty: it answers as it should
	Words         string
}

// Scope is who should be in an app.
type Scope struct {
	Groups       []string // ids; none: everybody
	LinkExisting bool
	Expression   string // that has to be true of a person; empty: none
	Rules        string // of attributes and roles, as JSON; empty: none
}

// Preview is what a scope and rules would make of one person.
type Preview struct {
	Name, Person string // userName and id
	In           bool   // with access
	Why, Problem string
	Document     []byte // of a new account; nil: there is a problem
}

// Setup adds apps. An app that was added is paused and sends nothing before it starts, however long that takes.
type Setup interface {
	// Products are all that an app can be, by title.
	Products() []Product
	// Add adds an app. A name that is taken is resources.ErrUniqueness, an address or credential that cannot be used
	// resources.ErrInvalidValue, a private network that is not allowed ErrPrivate.
	Add(ctx context.Context, actor audit.Actor, company string, a NewApp) (id string, err error)
	// SetAccess gives an app another address and credential; what is wrong with them is told as by Add.
	SetAccess(ctx context.Context, actor audit.Actor, company, app string, a Access) error
	// Try reads a little from an app.
	Try(ctx context.Context, company, app string) (Probe, error)
	// Preview says what a scope would make of a person, by userName. Rules that are wrong are resources.ErrInvalidValue, nobody
	// of that name is resources.ErrNotFound. Nothing is kept.
	Preview(ctx context.Context, company, app string, s Scope, userName string) (Preview, error)
	// SetScope says who should be in an app. Rules that are wrong are resources.ErrInvalidValue.
	SetScope(ctx context.Context, actor audit.Actor, company, app string, s Scope) error
	// ChangeScope is SetScope of an app that runs: what follows is sent.
	ChangeScope(ctx context.Context, actor audit.Actor, company, app string, s Scope) error
	// SetTreatment says how an app is treated. What is wrong is resources.ErrInvalidValue.
	SetTreatment(ctx context.Context, actor audit.Actor, company, app string, t Treatment) error
	// SetStep notes which step comes next.
	SetStep(ctx context.Context, actor audit.Actor, company, app, step string) error
}

// The steps of setting up that an app waits at. Starting is resuming it (Engine.SetPaused).
const (
	stepTest     = "test"
	stepAccounts = "accounts"
	stepScope    = "scope"
	stepTrial    = "trial"
)

func setupSteps() []string { return []string{stepTest, stepAccounts, stepScope, stepTrial} }

// InSetup says that the app has not been started yet.
func (a App) InSetup() bool { return a.Paused && a.Setup != "" }
