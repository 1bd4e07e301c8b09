package events

import (
	"slices"
	"strings"
)

// SCIM event types (RFC 9967 §7.4). Those that end in :notice name the attributes that changed, those that end in :full
// carry the resource.
const (
	FeedAdd       = "urn:ietf:params:scim:event:feed:add"
	FeedRemove    = "urn:ietf:params:scim:event:feed:remove"
	CreateNotice  = "urn:ietf:params:scim:event:prov:create:notice"
	CreateFull    = "urn:ietf:params:scim:event:prov:create:full"
	PatchNotice   = "urn:ietf:params:scim:event:prov:patch:notice"
	PatchFull     = "urn:ietf:params:scim:event:prov:patch:full"
	PutNotice     = "urn:ietf:params:scim:event:prov:put:notice"
	PutFull       = "urn:ietf:params:scim:event:prov:put:full"
	Delete        = "urn:ietf:params:scim:event:prov:delete"
	Activate      = "urn:ietf:params:scim:event:prov:activate"
	Deactivate    = "urn:ietf:params:scim:event:prov:deactivate"
	AsyncResponse = "urn:ietf:params:scim:event:misc:asyncresp"
)

// SessionRevoked goes beside a deactivation or a deletion (CAEP 1.0 §3.1).
const SessionRevoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"

// Events about a stream itself (SSF 1.0 §8.1.4, §8.1.5). They are sent unasked, so no receiver asks for them.
const (
	Verification  = "https://schemas.openid.net/secevent/ssf/event-type/verification"
	StreamUpdated = "https://schemas.openid.net/secevent/ssf/event-type/stream-updated"
)

// SCIM returns the event types that ServiceProviderConfig publishes (RFC 9967 §4).
func SCIM() []string {
	return []string{
		FeedAdd, FeedRemove, CreateNotice, CreateFull, PatchNotice, PatchFull, PutNotice, PutFull, Delete, Activate, Deactivate,
		AsyncResponse,
	}
}

// Supported returns the event types that a receiver may ask for.
func Supported() []string { return append(SCIM(), SessionRevoked) }

// Usual is what a receiver gets that asks for nothing in particular: it hears of everything, and reads what it needs.
func Usual() []string {
	return slices.DeleteFunc(SCIM(), func(event string) bool { return strings.HasSuffix(event, ":full") })
}
