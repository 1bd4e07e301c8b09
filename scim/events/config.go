package events

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"proprio/audit"
	"proprio/resources"
)

// configuration is a stream as its receiver sees it (SSF 1.0 §8.1.1). Which resources it is about is said by a member of
// our own: SSF has none for it, and leaves room for others'.
type configuration struct {
	StreamID    string   `json:"stream_id"`
	Issuer      string   `json:"iss"`
	Audience    string   `json:"aud"`
	Supported   []string `json:"events_supported"`
	Requested   []string `json:"events_requested"`
	Delivered   []string `json:"events_delivered"`
	Delivery    delivery `json:"delivery"`
	Interval    int      `json:"min_verification_interval"`
	Description string   `json:"description,omitempty"`
	Feed        Feed     `json:"urn:proprio:ssf:feed"`
}

type delivery struct {
	Method        string  `json:"method"`
	Endpoint      string  `json:"endpoint_url,omitempty"`
	Authorization *string `json:"authorization_header,omitempty"` // taken, never given
}

// request is what a receiver may send of it: of what the transmitter supplies only what it was told.
type request struct {
	StreamID    *string   `json:"stream_id"`
	Issuer      *string   `json:"iss"`
	Audience    any       `json:"aud"`
	Requested   *[]string `json:"events_requested"`
	Delivery    *delivery `json:"delivery"`
	Description *string   `json:"description"`
	Feed        *Feed     `json:"urn:proprio:ssf:feed"`
}

func (s *Server) show(stream Stream) configuration {
	d := delivery{Method: stream.Delivery.Method, Endpoint: stream.Delivery.Endpoint}
	if d.Method == Poll {
		d.Endpoint = s.Signer.Issuer(stream.Company) + "/poll/" + stream.ID
	}
	return configuration{
		StreamID: stream.ID, Issuer: s.Signer.Issuer(stream.Company), Audience: s.Signer.audience(stream.Company, stream.Connection),
		Supported: Supported(), Requested: stream.Requested, Delivered: stream.Delivered(), Delivery: d,
		Interval: int(s.Limits.Verify.Seconds()), Description: stream.Description, Feed: stream.Feed,
	}
}

// createStream is POST of a configuration (SSF 1.0 §8.1.1.1). A connection has one stream at most; a second is 409.
func (s *Server) createStream(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	var ask request
	if err := s.decode(w, r, &ask); err != nil {
		return err
	}
	stream := Stream{
		Company: c.Company, ID: s.NewID(), Connection: c.ID, Requested: Usual(), Status: Enabled,
		Delivery: Delivery{Method: Poll}, // what an absent delivery means
	}
	ask.StreamID, ask.Issuer, ask.Audience = nil, nil, nil // nothing of them is there yet
	if err := s.apply(&stream, ask); err != nil {
		return err
	}
	made, err := s.Create(r.Context(), actorOf(c), stream)
	if err == nil {
		respond(w, http.StatusCreated, s.show(made))
	}
	return err
}

// Create checks and adds a stream.
func (p *Publisher) Create(ctx context.Context, actor audit.Actor, stream Stream) (Stream, error) {
	stream.begin()
	if err := p.Check(ctx, stream); err != nil {
		return stream, err
	}
	return p.Store.CreateStream(ctx, actor, stream)
}

// Check refuses a configuration that cannot work, in the company that it is for.
func (p *Publisher) Check(ctx context.Context, stream Stream) error {
	if err := stream.Check(); err != nil {
		return err
	}
	registry, err := p.Registry.Registry(ctx, stream.Company)
	if err != nil {
		return err
	}
	for _, name := range stream.Feed.Types {
		if registry.Type(name) == nil {
			return resources.Errorf(resources.ErrInvalidValue, "resource_types", "There is no resource type %q.", clip(name))
		}
	}
	types, err := p.Resources.Types(ctx, resources.Caller{Company: stream.Company}, stream.Feed.Groups)
	if err != nil {
		return err
	}
	for _, id := range stream.Feed.Groups {
		if types[id] != resources.TypeGroup {
			return resources.Errorf(resources.ErrInvalidValue, "groups", "There is no Group with the id %q.", clip(id))
		}
	}
	return nil
}

// readStreams is GET: one stream, or all of the receiver.
func (s *Server) readStreams(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	if id := r.URL.Query().Get("stream_id"); id != "" {
		stream, err := s.own(r.Context(), c, id)
		if err == nil {
			respond(w, http.StatusOK, s.show(stream))
		}
		return err
	}
	streams, err := s.Store.ListStreams(r.Context(), c.Company)
	if err != nil {
		return err
	}
	shown := []configuration{}
	for _, stream := range streams {
		if stream.Connection == c.ID {
			shown = append(shown, s.show(stream))
		}
	}
	respond(w, http.StatusOK, shown)
	return nil
}

// changeStream is PATCH and PUT (SSF 1.0 §8.1.1.3, §8.1.1.4). PUT sets what it does not name to what a new stream has.
func (s *Server) changeStream(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	var ask request
	if err := s.decode(w, r, &ask); err != nil {
		return err
	}
	if ask.StreamID == nil {
		return resources.Errorf(resources.ErrInvalidValue, "stream_id", "It is missing.")
	}
	stream, err := s.own(r.Context(), c, *ask.StreamID)
	if err != nil {
		return err
	}
	before := stream.Feed
	if r.Method == http.MethodPut {
		stream.Description, stream.Requested, stream.Feed = "", Usual(), Feed{}
		stream.Delivery.Authorization = ""
		if ask.Delivery == nil {
			stream.Delivery = Delivery{Method: Poll}
		}
	}
	if err := s.apply(&stream, ask); err != nil {
		return err
	}
	restart := !slices.Equal(before.Types, stream.Feed.Types) || !slices.Equal(before.Groups, stream.Feed.Groups)
	if restart {
		stream.begin()
	}
	if err := s.Check(r.Context(), stream); err != nil {
		return err
	}
	if err := s.Store.SetStream(r.Context(), actorOf(c), stream, restart); err != nil {
		return err
	}
	respond(w, http.StatusOK, s.show(stream))
	return nil
}

// apply puts what a receiver asks for into a stream. What is the transmitter's to say must be what it said.
func (s *Server) apply(stream *Stream, ask request) error {
	shown := s.show(*stream)
	if ask.Issuer != nil && *ask.Issuer != shown.Issuer {
		return resources.Errorf(resources.ErrInvalidValue, "iss", "It is the transmitter's to set, and is %s.", shown.Issuer)
	}
	if ask.Audience != nil && ask.Audience != any(shown.Audience) {
		return resources.Errorf(resources.ErrInvalidValue, "aud", "It is the transmitter's to set, and is %s.", shown.Audience)
	}
	if ask.Requested != nil {
		stream.Requested = *ask.Requested
	}
	if ask.Description != nil {
		stream.Description = *ask.Description
	}
	if ask.Feed != nil {
		stream.Feed = *ask.Feed
	}
	if ask.Delivery != nil {
		stream.Delivery = ask.Delivery.over(stream.Delivery)
	}
	return nil
}

// over is the delivery asked for in the place of another. The header stays only with the address that it was given for,
// and what an administrator allowed, to call a private network, only with the host: or a receiver could have us call all
// others there.
func (d delivery) over(before Delivery) Delivery {
	after := Delivery{Method: d.Method}
	if d.Method == Poll {
		return after // the address is the transmitter's
	}
	after.Endpoint = d.Endpoint
	after.AllowPrivate = before.AllowPrivate && sameOrigin(after.Endpoint, before.Endpoint)
	switch {
	case d.Authorization != nil:
		after.Authorization = *d.Authorization
	case after.Endpoint == before.Endpoint:
		after.Authorization = before.Authorization
	}
	return after
}

// sameOrigin says whether two addresses lead to the same port of the same host (RFC 6454 §4).
func sameOrigin(a, b string) bool {
	one, err := url.Parse(a)
	other, otherErr := url.Parse(b)
	return err == nil && otherErr == nil && one.Scheme == other.Scheme && one.Host == other.Host
}

// deleteStream is DELETE.
func (s *Server) deleteStream(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	stream, err := s.own(r.Context(), c, r.URL.Query().Get("stream_id"))
	if err == nil {
		err = s.Store.RemoveStream(r.Context(), actorOf(c), stream.Company, stream.ID)
	}
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func actorOf(c resources.Connection) audit.Actor {
	return audit.Actor{Kind: audit.ActorConnection, ID: c.ID, Name: c.Name}
}
