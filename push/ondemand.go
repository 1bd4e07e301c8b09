package push

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/resources"
)

// Step is one of the five that bring an object into an app.
type Step struct {
	Name   string `json:"name"`            // "read", "scope", "match", "decide", "send"
	Done   bool   `json:"done"`            // false: it failed, and those after it were not taken
	Words  string `json:"words"`           // what came of it
	Data   any    `json:"data,omitempty"`  // what it looked at, or made
	Detail any    `json:"calls,omitempty"` // what was exchanged with the app
}

// Provisioning is what became of one object in one app, step by step.
type Provisioning struct {
	App     string `json:"app"`
	Name    string `json:"name"`
	Steps   []Step `json:"steps"`
	State   State  `json:"state,omitempty"` // of the account afterwards; empty: nothing was sent
	Error   string `json:"error,omitempty"`
	sending *Intent
}

// Sends says that the rehearsal found something to send.
func (p *Provisioning) Sends() bool { return p.sending != nil }

func (p *Provisioning) add(s Step) { p.Steps = append(p.Steps, s) }

// Rehearse takes the first four steps for one object: it is read, its place is found, it is looked for in the app, and what
// would be sent is decided. Nothing is sent but reads, and nothing is kept. What keeps it from the app is in the result; an
// error is the store's, or that the app cannot be called.
func (e *Engine) Rehearse(ctx context.Context, app App, objectType, objectID string) (*Provisioning, error) {
	out := &Provisioning{App: app.Name}
	standings, err := e.standings(ctx, app, objectType, []string{objectID})
	if err != nil {
		return nil, err
	}
	rows, err := e.Store.AccountsIn(ctx, app.Company, app.ID, objectType, []string{objectID})
	if err != nil {
		return nil, err
	}
	row, known := rows[objectID]
	s := standings[objectID]
	if !s.Exists && !known {
		return nil, resources.Errorf(resources.ErrNotFound, "", "there is no %s %s", objectType, objectID)
	}
	if !known {
		row = Account{Company: app.Company, App: app.ID, ObjectType: objectType, ObjectID: objectID, ObjectName: s.Name}
	}
	out.Name = row.ObjectName
	remote, profile, err := e.reader(ctx, app, "provision")
	if err != nil {
		return nil, err
	}
	j := &job{app: app, profile: profile, store: unwritten{e.Store}, ledger: &ledger{store: unwritten{e.Store}}, resources: e.Resources, rulebook: e.rulebook, now: e.Now(), rehearsed: true, account: row}
	dry := newRehearsal(remote)
	j.client = dry.Recording(j.record)
	if err := out.readAndPlace(ctx, j, s); err != nil || out.sending == nil {
		return out, err
	}
	return out, out.matchAndDecide(ctx, j, dry)
}

// readAndPlace takes the steps that need no app.
func (p *Provisioning) readAndPlace(ctx context.Context, j *job, s Standing) error {
	r, _, err := j.object(ctx)
	if err != nil {
		return err
	}
	read := Step{Name: "read", Done: true, Words: "it was removed from the directory"}
	if r != nil {
		body, err := decodeFields(r.Body)
		if err != nil {
			return err
		}
		read.Words, read.Data = "as the directory holds it", body
	}
	p.add(read)
	place := place(j.app, j.account.ObjectType, j.account.ObjectID, s)
	p.add(Step{Name: "scope", Done: true, Words: place.why, Data: map[string]any{"wish": place.wish, "active": place.active}})
	intent, ok := place.intent(j.app, j.account.ObjectType, j.account.ObjectID, s)
	if !ok {
		p.add(Step{Name: "match", Done: true, Words: "not looked for: the app was never told of it"})
		p.add(Step{Name: "decide", Done: true, Words: "nothing is to be done"})
		return nil
	}
	p.sending = &intent
	return nil
}

// matchAndDecide does the whole work on an app that says yes to everything.
func (p *Provisioning) matchAndDecide(ctx context.Context, j *job, dry rehearsal) error {
	before := j.account
	err := j.run(ctx)
	f, failed := isFailure(err)
	if err != nil && !failed {
		return err
	}
	match := Step{Name: "match", Done: true, Data: map[string]any{"attribute": j.matchAttribute(), "remoteId": j.account.RemoteID}, Detail: exchanges(j.attempts)}
	switch {
	case before.RemoteID != "" && before.RemoteID == j.account.RemoteID:
		match.Words = "known as " + before.RemoteID
	case j.account.RemoteID == newRemoteID:
		match.Words = "the app has nobody of that name"
	case j.account.RemoteID != "":
		match.Words = "found as " + j.account.RemoteID
	default:
		match.Words = "the app has no account of it"
	}
	p.add(match)
	decide := Step{Name: "decide", Done: true, Words: "nothing is to be done", Detail: *dry.calls}
	if n := len(*dry.calls); n > 0 {
		decide.Words = fmt.Sprintf("%s: %d calls", (*dry.calls)[0].Action, n)
	}
	if n := j.need; n != nil && n.Known && n.Action != "" {
		decide.Words, decide.Data = "a task for a person: "+string(n.Action), n.Lines
	}
	p.add(decide)
	if failed {
		last := &p.Steps[len(p.Steps)-1]
		last.Done, last.Words, p.Error = false, f.words, f.words
		p.sending = nil
	}
	return nil
}

func exchanges(attempts []Attempt) []map[string]any {
	out := make([]map[string]any, len(attempts))
	for i, a := range attempts {
		out[i] = map[string]any{"method": a.Method, "url": a.URL, "status": a.Status, "request": string(a.Request),
			"response": string(a.Response), "outcome": a.Outcome}
	}
	return out
}

// leaseLook is how often it is looked whether a busy app has time.
const leaseLook = 50 * time.Millisecond

// Provision takes all five steps for one object, before everything else that waits: what the first four decide is sent, by
// this engine or by the one that works on the app just now. ctx bounds how long a busy app is waited for. What an admin asks
// for by name is not held back by the guard.
func (e *Engine) Provision(ctx context.Context, by audit.Actor, app App, objectType, objectID string) (*Provisioning, error) {
	if app.Paused {
		return nil, resources.Errorf(resources.ErrInvalidValue, "", "app %s is paused: let it go on first", app.Name)
	}
	out, err := e.Rehearse(ctx, app, objectType, objectID)
	if err != nil || out.sending == nil {
		return out, err
	}
	began := e.Now()
	out.sending.Rank = RankNow
	err = e.Store.RaiseAccounts(ctx, app.Company, began, []Intent{*out.sending}, audit.Entry{Company: app.Company, At: began, Actor: by,
		Action: audit.ActionSync, ObjectType: "app", ObjectID: app.ID, ObjectName: app.Name, Reason: "on demand: " + out.Name})
	if err != nil {
		return out, err
	}
	row, err := e.sendNow(ctx, app, objectType, objectID)
	if err != nil {
		return out, err
	}
	attempts, err := e.Store.Attempts(ctx, app.Company, app.ID, AttemptQuery{Account: row.ID, Limit: 50})
	if err != nil {
		return out, err
	}
	var sent []Attempt
	for _, a := range attempts {
		if !a.At.Before(began) {
			sent = append([]Attempt{a}, sent...) // they come newest first
		}
	}
	out.State, out.Error = row.State, row.Error
	step := Step{Name: "send", Done: row.DoneGen >= row.WantedGen || row.State == StateAccepted, Words: string(row.State), Detail: exchanges(sent)}
	if row.Error != "" {
		step.Words += ": " + row.Error
	}
	out.add(step)
	return out, nil
}

// sendNow works on one raised account, or waits until the engine that holds the app has done it.
func (e *Engine) sendNow(ctx context.Context, app App, objectType, objectID string) (Account, error) {
	lease := Lease{Company: app.Company, App: app.ID, Owner: e.Owner + " on demand " + uuid.NewString()}
	for {
		rows, err := e.Store.AccountsIn(ctx, app.Company, app.ID, objectType, []string{objectID})
		if err != nil {
			return Account{}, err
		}
		row := rows[objectID]
		if row.DoneGen >= row.WantedGen || row.State == StateFailed || row.State == StateAccepted {
			return row, nil
		}
		now := e.Now()
		held, err := e.Store.LeaseApp(ctx, lease, now, now.Add(e.Lease))
		if err != nil {
			return row, err
		}
		if held {
			if err := e.sendUnder(ctx, lease, objectType, objectID); err != nil {
				return row, err
			}
			rows, err = e.Store.AccountsIn(ctx, app.Company, app.ID, objectType, []string{objectID})
			return rows[objectID], err
		}
		timer := time.NewTimer(leaseLook)
		select {
		case <-ctx.Done():
			timer.Stop()
			return row, fmt.Errorf("app %s is busy or is left alone; %s is the next in line: %w", app.Name, row.ObjectName, ctx.Err())
		case <-timer.C:
		}
	}
}

// sendUnder works on one account under a lease, and gives the lease back. App and account are read under it: whoever held it
// before may have changed both.
func (e *Engine) sendUnder(ctx context.Context, lease Lease, objectType, objectID string) error {
	defer func() {
		if err := e.Store.ReleaseApp(context.WithoutCancel(ctx), lease); err != nil {
			e.Log.Warn("lease not given back; it runs out", "app", lease.App, "error", err)
		}
		e.Wake()
	}()
	app, err := e.Store.App(ctx, lease.Company, lease.App)
	if err != nil {
		return err
	}
	rows, err := e.Store.AccountsIn(ctx, lease.Company, lease.App, objectType, []string{objectID})
	row := rows[objectID]
	if err != nil || row.DoneGen >= row.WantedGen {
		return err
	}
	w, err := e.worker(ctx, app, lease)
	if err != nil {
		return err
	}
	leased, stop := context.WithCancel(ctx)
	defer stop()
	go e.renew(leased, stop, lease)
	err = w.process(leased, row)
	w.tell(leased)
	return err
}
