package push

import (
	"context"
	"encoding/json"
	"time"

	"proprio/audit"
	"proprio/push/manual"
	"proprio/resources"
)

// Store keeps what the engine knows: apps, what each object should be in them, what they confirmed, and what was said.
// Every method is bound to one company, except the few that look for work over all of them. Errors wrap those of
// package resources: an unknown id, or another company's, is resources.ErrNotFound.
type Store interface {
	Apps
	Plans
	Work
	Reports
	Discoveries
	Reconciliations
}

// Apps keeps downstream apps and their sealed credentials.
type Apps interface {
	// CreateApp is idempotent by (company, name): an existing app is returned as it is, with its credential kept.
	CreateApp(ctx context.Context, actor audit.Actor, a App, credential []byte) (App, error)
	// UpdateApp runs change on the app as it is, alone over all processes, and stores what it returns, but for its credential,
	// block and creation time; nothing that others change meanwhile is undone. What is new lifts the app's block, so that it is
	// tried at once; a pause does not. Another address is resources.ErrInvalidValue: see ReplaceApp. change may run more than once,
	// and does nothing else.
	UpdateApp(ctx context.Context, actor audit.Actor, company, app string, change func(App) (App, error)) (App, error)
	// ReplaceApp is UpdateApp with a new credential, which is sealed and stored in the same transaction and lifts the block: no
	// address is ever sent the credential of another. With a new address all the app's accounts are marked Moved.
	ReplaceApp(ctx context.Context, actor audit.Actor, company, app string, credential []byte, change func(App) (App, error)) (App, error)
	// AppCredential opens the sealed credential for the app's address. ErrMoved: the app has got another one since it was
	// read.
	AppCredential(ctx context.Context, a App) ([]byte, error)
	// RenewCredential stores a credential that the product itself gave in the place of another. Where an admin has set one
	// since, that one stays.
	RenewCredential(ctx context.Context, a App, from, to []byte) error
	// App returns one app by id.
	App(ctx context.Context, company, app string) (App, error)
	// AppByName returns one app by name.
	AppByName(ctx context.Context, company, name string) (App, error)
	// Apps returns a company's apps by name.
	Apps(ctx context.Context, company string) ([]App, error)
	// HasApps says whether any company has an app.
	HasApps(ctx context.Context) (bool, error)
	// BlockApp holds all calls to an app until a time (zero: releases it) and keeps the reason and the failures in a row.
	BlockApp(ctx context.Context, company, app string, until time.Time, reason string, failures int) error
}

// Mark says that an object changed since the planner last looked (package db sets it in the transaction of the change).
type Mark struct {
	Company    string
	ObjectType string
	ObjectID   string
	Seq        int64 // moves with each further mark of the object, and never back
	Wanted     bool  // its company had an app when the mark was read
}

// Standing is what decides whether an object belongs in an app.
type Standing struct {
	Exists bool
	Name   string   // userName or displayName
	Active bool     // of a User
	Hold   string   // of a User; empty: in force
	Groups []string // ids of the Groups that hold the User directly
	Apps   []string // ids of the apps that have an account row for the object, in whatever state

	scoped map[string]scoped // of a User: what the expressions of apps say of it, by app
}

// Intent raises the wanted generation of one object in one app.
type Intent struct {
	App        string
	ObjectType string
	ObjectID   string
	ObjectName string // empty: keep the name known so far
	Wish       Wish
	Rank       Rank
	// OnlyKnown changes an existing row and makes none: an object that never was in the app needs no taking away. Then an
	// empty Wish leaves wish and rank as they are.
	OnlyKnown bool
}

// Plans is what the planner needs.
type Plans interface {
	// DirtyMarks returns the oldest marks of all companies.
	DirtyMarks(ctx context.Context, limit int) ([]Mark, error)
	// Standings returns the standing of each object of one type; an id without a row has Exists false.
	Standings(ctx context.Context, company, objectType string, ids []string) (map[string]Standing, error)
	// People returns Users with their Body and Groups (id and displayName), by id; unknown ids are left out.
	People(ctx context.Context, company string, ids []string) (map[string]*resources.Resource, error)
	// Members is that of resources.Store.
	Members(ctx context.Context, c resources.Caller, group, after string, limit int) ([]resources.Member, error)
	// ToldNames returns under which names Groups are known to apps whose expressions read them, by id.
	ToldNames(ctx context.Context, company string, groups []string) (map[string]ToldName, error)
	// DropMarks takes a company's marks away, provided that it has no app; one that has moved stays.
	DropMarks(ctx context.Context, company string, marks []Mark) error
	// PlanMarks takes a company's marks away and raises the accounts they call for, in one transaction. A mark that has
	// moved, or that somebody else has planned, is left alone together with its intents. One of which Told is not done is set
	// again.
	PlanMarks(ctx context.Context, company string, now time.Time, planned []Planned) error
	// ObjectsOfApp returns the ids of a type, greater than after and in order, of all the company's objects and of all
	// objects that the app has a row for.
	ObjectsOfApp(ctx context.Context, company, app, objectType, after string, limit int) ([]string, error)
	// RepairAccounts writes what was found of accounts in the app, and makes them due; one that was raised since is left alone.
	// It returns how many it changed. The entries are recorded in the same transaction.
	RepairAccounts(ctx context.Context, company, app string, now time.Time, repairs []Repair, entries ...audit.Entry) (int, error)
	// RaiseRetired makes due the accounts that were created here, belong to nobody in the app's scope, and whose access ended
	// before a time, so many of them. It returns how many.
	RaiseRetired(ctx context.Context, company, app string, now, before time.Time, limit int) (int, error)
	// RaiseAccounts raises accounts, each once, outside any mark: an app was added, changed, or is to be sent everything
	// again. The entries are recorded in the same transaction.
	RaiseAccounts(ctx context.Context, company string, now time.Time, intents []Intent, entries ...audit.Entry) error
}

// Repair is what was found of one account in the app.
type Repair struct {
	Account   string
	WantedGen int64           // as it was when the app was read
	Written   json.RawMessage // what the app holds of what was written; nil: nothing that is known, so that it is looked at
}

// Planned is a mark with what follows from it.
type Planned struct {
	Mark    Mark
	Intents []Intent
	Told    *ToldName // of a Group; nil: nothing new about its name
}

// Lease is the right to call one app. Results are accepted only from its holder.
type Lease struct {
	Company string
	App     string
	Owner   string
}

// Result is what one account's processing brought, written in one transaction.
type Result struct {
	Account Account // as it was read, with the new RemoteID, Origin, Written, State, Error, …
	// Confirmed says that the app holds what Account.WantedGen asked for. A generation raised meanwhile stays due.
	Confirmed bool
	// Retired says that the account's access was taken away.
	Retired bool
	// Release is the id of a tombstone row whose remote account this one takes over; empty: none.
	Release string
	// RaiseGroups are Groups whose members may now be completed.
	RaiseGroups []string
	// ManagerMissing says that Account.Manager was not in the app when this was written. Should it be there by now, the
	// account stays due.
	ManagerMissing bool
	// RaiseReports raises the Users whose manager this one is.
	RaiseReports bool
	Attempts     []Attempt
	Entries      []audit.Entry
	// Need is what a person has to do, in a product without an interface; nil: the product has one. There Account.ConfirmedAt
	// is when an export last showed the account, and Confirmed does not move it.
	Need *manual.Need
}

// Work is what the workers need. Methods with a Lease give ErrLeaseLost when another owner holds the app.
type Work interface {
	// AppsWithWork returns, over all companies that are not suspended, apps that have due accounts, are neither paused nor
	// blocked, and are not leased at that time.
	AppsWithWork(ctx context.Context, now time.Time, limit int) ([]App, error)
	// LeaseApp takes the lease of an app that is neither paused, blocked, nor leased at that time; false: it is, or its
	// company is suspended.
	LeaseApp(ctx context.Context, l Lease, now, until time.Time) (bool, error)
	// RenewApp extends a lease that its owner still holds; false: it lost it, or the app was paused
	// or its company suspended.
	RenewApp(ctx context.Context, l Lease, until time.Time) (bool, error)
	// ReleaseApp gives the lease back.
	ReleaseApp(ctx context.Context, l Lease) error
	// DueAccounts returns the due accounts of the lowest rank that has any: first those that have not
	// failed, longest due first.
	DueAccounts(ctx context.Context, l Lease, now time.Time, limit int) ([]Account, error)
	// AccountsIn returns what the app holds of the given objects, by object id.
	AccountsIn(ctx context.Context, company, app, objectType string, ids []string) (map[string]Account, error)
	// AccountByRemoteID returns the row that owns a remote account, or resources.ErrNotFound.
	AccountByRemoteID(ctx context.Context, company, app, objectType, remoteID string) (Account, error)
	// AccountsByRemote returns the rows that own some of the given remote accounts, by remote id.
	AccountsByRemote(ctx context.Context, company, app, objectType string, remoteIDs []string) (map[string]Account, error)
	// AdministratorsAmong returns which of some remote accounts the app's list last showed as active administrators.
	AdministratorsAmong(ctx context.Context, company, app string, remoteIDs []string) ([]string, error)
	// LastAdministrator says whether a remote account was such a one, and no other is whose access has not ended since.
	LastAdministrator(ctx context.Context, company, app, remoteID string) (bool, error)
	// Removals counts what the app loses, since a time; with live also what it holds, which reads all of its accounts.
	Removals(ctx context.Context, l Lease, now, since time.Time, live bool) (Removals, error)
	// HoldRemovals holds all due removals that nobody has allowed, records the entry when there are any, and returns how many.
	HoldRemovals(ctx context.Context, l Lease, now time.Time, entry audit.Entry) (int, error)
	// LatestTask returns an account's latest task for a person, or resources.ErrNotFound.
	LatestTask(ctx context.Context, company, account string) (manual.Task, error)
	// Record writes what became of accounts, all or none: of some that creations are about to be sent (the match value of
	// each, by its id), of others the results.
	Record(ctx context.Context, l Lease, now time.Time, begun map[string]string, results ...Result) error
}

// Count is how many accounts of a type are in a state, by class of failure.
type Count struct {
	ObjectType string
	State      State
	Class      Class
	Due        bool
	N          int
}

// AccountQuery selects accounts of an app by object name; empty fields select all.
type AccountQuery struct {
	ObjectType string
	State      State
	Class      Class
	Offset     int
	Limit      int
}

// AttemptQuery selects attempts; empty fields select all.
type AttemptQuery struct {
	Account string // id
	Name    string // a part of the object's name, in any letter case
	Action  string
	Failed  bool   // those that were refused or not answered
	Before  string // id of an attempt: those older than it
	Limit   int
}

// Reconciliations keeps how each app last stood to the directory.
type Reconciliations interface {
	// AppsToReconcile returns, over all companies that are not suspended, the apps that are neither paused nor blocked, were
	// there at a time, and have not been compared since.
	AppsToReconcile(ctx context.Context, now, since time.Time) ([]App, error)
	// BeginReconciliation notes that an app is compared now; the former result stays until there is another.
	BeginReconciliation(ctx context.Context, company, app string, now time.Time) error
	// FinishReconciliation keeps a result, unless another comparison was begun meanwhile.
	FinishReconciliation(ctx context.Context, r Reconciliation) error
	// LastReconciliation returns an app's result, or resources.ErrNotFound.
	LastReconciliation(ctx context.Context, company, app string) (Reconciliation, error)
}

// Reports is what people look at and act on.
type Reports interface {
	People
	// CountAccounts counts an app's accounts.
	CountAccounts(ctx context.Context, company, app string) ([]Count, error)
	// PushAccounts returns an app's accounts.
	PushAccounts(ctx context.Context, company, app string, q AccountQuery) ([]Account, error)
	// AccountsOf returns an object's accounts in all apps, also after the object is gone.
	AccountsOf(ctx context.Context, company, objectType, objectID string) ([]Account, error)
	// PushAccount returns one account.
	PushAccount(ctx context.Context, company, account string) (Account, error)
	// RetryAccount makes an account due now.
	RetryAccount(ctx context.Context, actor audit.Actor, company, account string, now time.Time) error
	// DecideRemovals allows or rejects held removals; without accounts: all. It returns how many there were; the entry is
	// recorded when there was one.
	DecideRemovals(ctx context.Context, company, app string, now time.Time, allow bool, accounts []string, entry audit.Entry) (int, error)
	// RecordAttempts adds to an app's log what belongs to no account (list reads).
	RecordAttempts(ctx context.Context, attempts ...Attempt) error
	// RetryFailed makes all of an app's failed accounts due now, of one class when class is not empty, and returns how many.
	RetryFailed(ctx context.Context, actor audit.Actor, company, app string, class Class, now time.Time) (int, error)
	// UnblockApp has a blocked app called again at once: an admin has mended it.
	UnblockApp(ctx context.Context, actor audit.Actor, company, app string) error
	// Attempts returns an app's attempts, newest first.
	Attempts(ctx context.Context, company, app string, q AttemptQuery) ([]Attempt, error)
}
