package events

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"proprio/resources"
)

// Status is whether a stream transmits (SSF 1.0 §8.1.2).
type Status string

// The statuses.
const (
	Enabled  Status = "enabled"
	Paused   Status = "paused"   // nothing is sent; what happens meanwhile is sent once it is enabled again
	Disabled Status = "disabled" // nothing is sent, and what happens meanwhile never is
)

// The delivery methods (SSF 1.0 §6.1).
const (
	Push = "urn:ietf:rfc:8935"
	Poll = "urn:ietf:rfc:8936"
)

// Stage is how far the beginning of a stream has come.
type Stage string

// The stages.
const (
	Silent   Stage = "silent"   // the feed's resources are being noted; nothing is told of them
	Snapshot Stage = "snapshot" // every resource that was there is being told of with feed:add
	Begun    Stage = ""         // the beginning is over
)

// Stream is what one receiver, a connection of a company, is told. A connection has one at most.
type Stream struct {
	Company, ID, Connection string
	Description             string
	Requested               []string // event types; those that are not supported are kept and have no effect
	Delivery                Delivery
	Feed                    Feed
	Status                  Status
	Reason                  string // why it is paused or disabled
	Created                 time.Time
	Verified                time.Time // when verification was asked for last

	Revision int64  // +1 with each change of it; see Store.Advance
	Position int64  // in the log: what is after it has not been looked at
	Stage    Stage  //
	Walked   string // while Stage is Snapshot: the last resource that was told of
	Stale    bool   // a Group of the feed has changed: its members are to be compared with the feed

	Failures    int       // of push, in a row
	NextAttempt time.Time // of push
	Error       string    // of the last push or of what the receiver said of a SET
}

// Delivery is how a stream's SETs get to the receiver.
type Delivery struct {
	Method        string
	Endpoint      string // of push: where to post
	Authorization string // of push: the Authorization header; sealed at rest, never shown
	AllowPrivate  bool   // of push: the endpoint may be in a private network, over http. Set by administrators alone
}

// Feed is which resources a stream is about.
type Feed struct {
	Types    []string `json:"resource_types,omitempty"` // none: all
	Groups   []string `json:"groups,omitempty"`         // ids: direct members of these alone; none: everybody
	Snapshot bool     `json:"snapshot,omitempty"`       // tell of what is there already
}

// limits of a configuration.
const (
	maxText   = 2000
	maxGroups = 100
)

// Delivered are the event types that are sent: what was asked for and is supported.
func (s Stream) Delivered() []string {
	return slices.DeleteFunc(Supported(), func(event string) bool { return !slices.Contains(s.Requested, event) })
}

// wants says whether an event type is sent.
func (s Stream) wants(event string) bool {
	return slices.Contains(s.Requested, event) && slices.Contains(Supported(), event)
}

// begin sets a stream to the beginning of its feed.
func (s *Stream) begin() {
	s.Walked, s.Stale, s.Stage = "", len(s.Feed.Groups) > 0, Begun
	switch {
	case s.Stale && !s.Feed.Snapshot:
		s.Stage = Silent
	case !s.Stale && s.Feed.Snapshot:
		s.Stage = Snapshot
	}
}

// Check refuses a configuration that cannot work.
func (s Stream) Check() error {
	invalid := func(path, format string, args ...any) error {
		return resources.Errorf(resources.ErrInvalidValue, path, format, args...)
	}
	switch {
	case len(s.Description) > maxText:
		return invalid("description", "It has more than %d bytes.", maxText)
	case len(s.Requested) > 100:
		return invalid("events_requested", "It names more than 100 event types.")
	case len(s.Feed.Groups) > maxGroups:
		return invalid("groups", "It names more than %d groups.", maxGroups)
	case !slices.Contains([]Status{Enabled, Paused, Disabled}, s.Status):
		return invalid("status", "It is %q; use enabled, paused or disabled.", clip(string(s.Status)))
	case s.Delivery.Method == Poll:
		return nil
	case s.Delivery.Method != Push:
		return invalid("delivery.method", "It is %q; use %s (push) or %s (poll).", clip(s.Delivery.Method), Push, Poll)
	}
	return s.Delivery.check()
}

func (d Delivery) check() error {
	invalid := func(path, format string, args ...any) error {
		return resources.Errorf(resources.ErrInvalidValue, path, format, args...)
	}
	u, err := url.Parse(d.Endpoint)
	switch {
	case len(d.Endpoint) > maxText || err != nil || u.Hostname() == "" || u.Opaque != "":
		return invalid("delivery.endpoint_url", "Push needs the https address that takes the tokens.")
	case u.User != nil || u.Fragment != "":
		return invalid("delivery.endpoint_url", "It may hold no user and no fragment; a secret belongs in authorization_header.")
	case u.Scheme != "https" && !(u.Scheme == "http" && d.AllowPrivate):
		return invalid("delivery.endpoint_url", "It must begin with https:// (RFC 8935 §4.1 asks for TLS).")
	case len(d.Authorization) > maxText || strings.ContainsFunc(d.Authorization, func(r rune) bool { return r < ' ' || r > '~' }):
		return invalid("delivery.authorization_header", "It holds a character that a header cannot carry, or more than %d.", maxText)
	}
	return nil
}

// clip shortens what a client sent, for use in an error.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s…", strings.ToValidUTF8(s[:most], ""))
}
