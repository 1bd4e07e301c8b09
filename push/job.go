package push

import (
	"context"
	"errors"
	"time"

	"proprio/audit"
	"proprio/push/manual"
	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// Endpoints of the two resource types (RFC 7644 §3.2).
const (
	endpointUsers  = "/Users"
	endpointGroups = "/Groups"
)

// job brings one account to what is wanted now. It changes only its copy of the row; the worker writes the result.
type job struct {
	app       App
	profile   profiles.Profile
	store     Store
	resources resources.Store
	rulebook  *Rulebook
	ledger    *ledger
	census    *census // nil: everybody is looked up
	now       time.Time
	rehearsed bool   // nothing is changed in the app, so that no look afterwards shows it
	client    Remote // records into attempts

	account  Account
	reading  *reading // of the User that was read last
	state    State    // what it ends in when nothing fails
	note     string
	why      string
	action   string // of the call under way
	changed  []string
	attempts []Attempt

	kept    [][]string // keys of attributes of which an account that is there keeps what it has (package mapping)
	cleared bool       // some wanted attribute is nil: it is to be removed where it is

	former         Account // the tombstone whose remote account this one takes over; zero: none
	raiseGroups    []string
	raiseReports   bool
	managerMissing bool
	stuck          *failure     // what the product cannot do, though all else was done; nil: nothing
	need           *manual.Need // of a product without an interface; nil: it has one
}

// run does the work and returns what stopped it.
func (j *job) run(ctx context.Context) error {
	j.state = StateConfirmed
	if j.profile.ByHand() {
		return j.byHand(ctx)
	}
	err := j.bring(ctx)
	if err == nil && j.stuck != nil {
		return j.stuck
	}
	if err == nil && j.ahead() {
		j.state, j.note = StateAccepted, ""
	}
	return err
}

// bring brings the account to what is wanted.
func (j *job) bring(ctx context.Context) error {
	switch j.account.ObjectType {
	case resources.TypeUser:
		return j.user(ctx)
	case resources.TypeGroup:
		return j.group(ctx)
	}
	return needs(ClassUnsupported, "objects of type %q are not pushed", j.account.ObjectType)
}

// result is what the store is to write after run.
func (j *job) result(now time.Time) Result {
	r := Result{
		Account: j.account, Release: j.former.ID, RaiseGroups: j.raiseGroups, RaiseReports: j.raiseReports,
		ManagerMissing: j.managerMissing, Attempts: j.attempts, Need: j.need,
	}
	if len(j.changed) > 0 {
		r.Entries = []audit.Entry{{
			Company: j.account.Company, At: now, Actor: audit.Actor{Kind: audit.ActorSystem, Name: "push"},
			Action: audit.ActionPush, ObjectType: "account", ObjectID: j.account.ID,
			ObjectName: j.account.ObjectName + " (" + j.app.Name + ")", Changed: j.changed, Reason: j.why,
		}}
	}
	return r
}

// doing names the calls that follow, for the admin.
func (j *job) doing(action string) { j.action = action }

// record keeps an exchange as an attempt of this account.
func (j *job) record(x client.Exchange) {
	j.attempts = append(j.attempts, attemptOf(j.account, j.action, j.why, x))
}

func attemptOf(a Account, action, why string, x client.Exchange) Attempt {
	out := Attempt{
		Company: a.Company, App: a.App, Account: a.ID, At: x.At, Action: action, Why: why, Method: x.Method, URL: x.URL,
		Status: x.Status, Request: x.Request, Response: x.Response, Duration: x.Duration, Outcome: "ok",
	}
	if x.Err != nil {
		out.Outcome = x.Err.Error()
	}
	return out
}

// object reads the User or Group as it is now; nil when it was removed.
func (j *job) object(ctx context.Context) (*resources.Resource, Standing, error) {
	caller := resources.Caller{Company: j.account.Company}
	r, err := j.resources.Get(ctx, caller, j.account.ObjectType, j.account.ObjectID, resources.With{Groups: true})
	if errors.Is(err, resources.ErrNotFound) {
		return nil, Standing{}, nil
	}
	if err != nil {
		return nil, Standing{}, err
	}
	s := Standing{Exists: true, Name: r.Index.DisplayName, Active: r.Index.Active, Hold: r.Index.Hold}
	if r.Type == resources.TypeUser {
		s.Name = r.Index.UserName
	}
	for _, g := range r.Groups {
		s.Groups = append(s.Groups, g.ID)
	}
	err = j.judgeScope(ctx, r, &s)
	return r, s, err
}

// absent ends the job: the app holds nothing of the object, and should not.
func (j *job) absent() error {
	j.account.RemoteID, j.account.Written, j.account.Begun = "", nil, ""
	j.account.Origin = ""
	j.state = StateRemoved
	return nil
}

// endpoint is where resources of the account's type live.
func (j *job) endpoint() string { return endpoint(j.account.ObjectType) }

func endpoint(objectType string) string {
	if objectType == resources.TypeGroup {
		return endpointGroups
	}
	return endpointUsers
}

// gone tells whether the account is truly no longer in the app after a call on it answered 404. A 404 alone is also
// what a wrong address and a gateway answer; so the collection must answer, and must not list the account.
func (j *job) gone(ctx context.Context, cause *failure) (bool, error) {
	if cause.class != ClassGone {
		return false, nil
	}
	j.doing("look up")
	written, err := decodeFields(j.account.Written)
	if err != nil {
		return false, err
	}
	found, err := j.lookUp(ctx, j.matchAttribute(), j.matchValue(written))
	if err != nil {
		return false, err
	}
	for _, d := range found {
		if d.ID() == j.account.RemoteID {
			return false, needs(ClassUnsupported, "%s, although the app lists it: check that its profile fits", cause.words)
		}
	}
	return true, nil
}
