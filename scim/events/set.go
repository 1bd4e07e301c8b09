package events

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"proprio/resources"
)

// Subject says what an event is about. It stands in the claim sub_id (RFC 9493), never in sub (RFC 9967 §2.1).
type Subject struct {
	Format     string `json:"format"`
	URI        string `json:"uri,omitempty"` // of format scim: the path under the SCIM base
	ExternalID string `json:"externalId,omitempty"`
	ID         string `json:"id,omitempty"` // of formats scim and opaque
	Email      string `json:"email,omitempty"`
	Issuer     string `json:"iss,omitempty"` // of format iss_sub
	Subject    string `json:"sub,omitempty"`
}

// resourceSubject is a resource as a subject; externalID is what the receiver calls it, if it does.
func resourceSubject(rt *resources.ResourceType, id, externalID string) Subject {
	return Subject{Format: "scim", URI: rt.Endpoint + "/" + id, ExternalID: externalID, ID: id}
}

// SET is a security event token before it is signed (RFC 8417 §2). It has one event, no sub and no exp. Its issuer and its
// audience are those of the stream that delivers it.
type SET struct {
	JTI     string
	At      time.Time // when it was made
	Txn     string    // what one transaction gave rise to has one Txn (RFC 9967 §2.2)
	Subject Subject
	Event   string // its type
	Payload json.RawMessage
}

// Own says whether it is about the stream that delivers it. Such a SET is delivered also while the stream is paused.
func (s SET) Own() bool { return s.Event == Verification || s.Event == StreamUpdated }

// claims are those of the JWT.
func (s SET) claims(issuer, audience string) ([]byte, error) {
	body, err := json.Marshal(struct {
		Issuer   string                     `json:"iss"`
		Audience []string                   `json:"aud"`
		IssuedAt int64                      `json:"iat"`
		JTI      string                     `json:"jti"`
		Txn      string                     `json:"txn,omitempty"`
		Subject  Subject                    `json:"sub_id"`
		Events   map[string]json.RawMessage `json:"events"`
	}{issuer, []string{audience}, s.At.Unix(), s.JTI, s.Txn, s.Subject, map[string]json.RawMessage{s.Event: s.Payload}})
	if err != nil {
		return nil, fmt.Errorf("security event token %s: %w", s.JTI, err)
	}
	return body, nil
}

// payload is what a provisioning or feed event says. Of Data and Attributes at most one is set (RFC 9967 §2.2).
type payload struct {
	Version    string          `json:"version,omitempty"` // the ETag after the change
	Attributes []string        `json:"attributes,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
}

// etag is a version as package scim writes it in ETag and meta.version.
func etag(version int64) string { return `W/"` + strconv.FormatInt(version, 10) + `"` }

// object is a JSON object of our own making.
func object(v any) (json.RawMessage, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("event payload: %w", err)
	}
	return body, nil
}
