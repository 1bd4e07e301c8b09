package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"proprio/audit"
	"proprio/resources"
)

// Publisher brings streams forward: it reads the log from where a stream is and queues what its receiver wants to hear.
// It is safe for concurrent use, in several processes over one database too.
type Publisher struct {
	Store     Store
	Changes   audit.Changes
	Registry  resources.Registries
	Resources Resources
	Documents Documents
	Signer    *Signer
	Now       func() time.Time
	NewID     func() string
	Log       *slog.Logger
}

// Resources looks up what streams are about: see [resources.Store].
type Resources interface {
	Types(ctx context.Context, c resources.Caller, ids []string) (map[string]string, error)
	GetByUserName(ctx context.Context, c resources.Caller, folded string) (*resources.Resource, error)
}

const (
	pageSize  = 100  // changes or resources of one step
	maxQueued = 1000 // SETs of one stream that wait; the rest waits in the log
)

// Fill brings a stream forward until the log has no more for it, or enough waits. It returns the stream as it is then.
func (p *Publisher) Fill(ctx context.Context, company, id string) (Stream, error) {
	for {
		s, err := p.Store.Stream(ctx, company, id)
		if err != nil || s.Status != Enabled {
			return s, err
		}
		waiting, err := p.Store.CountQueued(ctx, company, id)
		if err != nil || waiting >= maxQueued {
			return s, err
		}
		step, more, err := p.next(ctx, s)
		if err != nil || !more {
			return s, err
		}
		err = p.Store.Advance(ctx, s, step)
		if err != nil && !errors.Is(err, ErrMoved) { // somebody else was there: look again
			return s, err
		}
	}
}

// next makes the next step; more is false when there is none.
func (p *Publisher) next(ctx context.Context, s Stream) (step Step, more bool, err error) {
	step = Step{Position: s.Position, Stage: s.Stage, Walked: s.Walked, Stale: s.Stale}
	switch {
	case s.Stale:
		err = p.compare(ctx, s, &step)
		return step, true, err
	case s.Stage == Snapshot:
		err = p.walk(ctx, s, &step)
		return step, true, err
	}
	entries, err := p.Changes.Changes(ctx, s.Company, s.Position, pageSize)
	if err != nil || len(entries) == 0 {
		return step, false, err
	}
	err = p.read(ctx, s, entries, &step)
	return step, true, err
}

// page is what is known of the resources that a step is about.
type page struct {
	registry  *resources.Registry
	external  map[string]string   // what the receiver calls them
	standings map[string]Standing // with the stream's feed
}

func (p *Publisher) page(ctx context.Context, s Stream, ids []string) (page, error) {
	registry, err := p.Registry.Registry(ctx, s.Company)
	if err != nil {
		return page{}, err
	}
	external, err := p.Store.ExternalIDs(ctx, s.Company, s.Connection, ids)
	if err != nil {
		return page{}, err
	}
	standings, err := p.Store.FeedStandings(ctx, s.Company, s.ID, ids)
	return page{registry, external, standings}, err
}

// read turns entries of the log into SETs. It stops behind one that changed a Group of the feed: who has come in by it is
// told of before what happened to them next.
func (p *Publisher) read(ctx context.Context, s Stream, entries []audit.Entry, step *Step) error {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.ObjectID
	}
	known, err := p.page(ctx, s, ids)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if s.includes(e.ObjectType, known.standings[e.ObjectID]) {
			sets, err := p.tell(ctx, s, known, e)
			if err != nil {
				return fmt.Errorf("change %d: %w", e.Seq, err)
			}
			step.SETs = append(step.SETs, sets...)
		}
		if e.Action == audit.ActionRemove && known.standings[e.ObjectID] != "" {
			step.Left = append(step.Left, e.ObjectID)
		}
		step.Position = e.Seq
		if slices.Contains(s.Feed.Groups, e.ObjectID) {
			step.Stale = true
			return nil
		}
	}
	return nil
}

// tell makes the SETs of one change.
func (p *Publisher) tell(ctx context.Context, s Stream, known page, e audit.Entry) ([]SET, error) {
	rt := known.registry.Type(e.ObjectType)
	if rt == nil {
		return nil, nil // the company does not have the resource type any more
	}
	external := e.ExternalIDs[s.Connection]
	if external == "" {
		external = known.external[e.ObjectID]
	}
	base := SET{At: p.Now(), Txn: e.Txn, Subject: resourceSubject(rt, e.ObjectID, external)}
	var sets []SET
	for _, t := range s.tellings(e) {
		set, err := p.provisioning(ctx, s, base, t, e)
		if err != nil {
			return nil, err
		}
		if set.Event != "" {
			sets = append(sets, set)
		}
	}
	if reason, ends := endsSessions(e); ends && s.wants(SessionRevoked) {
		set, err := p.sessionRevoked(s, base, e, reason)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// provisioning makes the SET of one event; its type is empty when the stream does not want it.
func (p *Publisher) provisioning(ctx context.Context, s Stream, set SET, t telling, e audit.Entry) (SET, error) {
	says, body := payload{Version: etag(e.Version)}, document{}
	set.JTI, set.Event = p.NewID(), t.event
	full := false
	if t.event == "" {
		var err error
		if s.wants(t.kind.full) {
			body, err = p.document(ctx, s, e.ObjectType, e.ObjectID)
		}
		if err != nil {
			return SET{}, err
		}
		set.Event, full = s.form(t.kind, e.Version, body)
	}
	var err error
	switch {
	case set.Event == "" || !s.wants(set.Event):
		return SET{}, nil
	case t.event == Delete:
		says = payload{} // it has no attributes (RFC 9967 §2.4.4)
	case full:
		says.Version = etag(body.version)
		says.Data, err = data(t.kind, t.paths, body)
	case t.event == "":
		says.Attributes = t.paths
	}
	if err == nil {
		set.Payload, err = object(says)
	}
	return set, err
}

// sessionRevoked makes the CAEP event for a receiver that knows people by their address.
func (p *Publisher) sessionRevoked(s Stream, set SET, e audit.Entry, reason string) (SET, error) {
	set.JTI, set.Event = p.NewID(), SessionRevoked
	set.Subject = Subject{Format: "iss_sub", Issuer: p.Signer.Issuer(s.Company), Subject: e.ObjectID}
	if strings.Contains(e.ObjectName, "@") {
		set.Subject = Subject{Format: "email", Email: e.ObjectName}
	}
	initiator := "system"
	switch {
	case e.Action == audit.ActionHold:
		initiator = "policy"
	case e.Actor.Kind == audit.ActorAdmin || e.Actor.Kind == audit.ActorCommand:
		initiator = "admin"
	}
	var err error
	set.Payload, err = object(map[string]any{
		"event_timestamp": e.At.Unix(), "initiating_entity": initiator, "reason_admin": map[string]string{"en": reason},
	})
	return set, err
}
