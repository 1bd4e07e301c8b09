// Package events tells receivers what happens to a company's resources, as signed security event tokens: RFC 9967 (SCIM
// events) in RFC 8417 (SETs), delivered by RFC 8935 (push) and RFC 8936 (poll), and managed by the OpenID Shared Signals
// Framework 1.0.
//
// The record of changes (audit.Changes) is the event log. A stream is one receiver's place in it: what it wants to hear
// of, how it is delivered, and how far it has come. [Publisher] reads on from there and queues SETs, which stay queued
// until the receiver acknowledges them. Reading on and queueing are one transaction, so every change is told at least
// once, in order, whatever happens to a process.
//
// Each company is an issuer of its own, with keys of its own: what one company's streams say can never pass for
// another's.
//
// The package decides nothing about resources and writes none. It knows HTTP and JOSE, and no SQL.
//
//   - event.go: event types; set.go: a SET; keys.go: signing keys and the JWK Set
//   - change.go: which events a change is; full.go: events that carry the resource
//   - stream.go: streams, and what is asked of a receiver's configuration; feed.go: which resources a stream is about
//   - publisher.go: from the log to the queue; response.go: outcomes of asynchronous requests
//   - push.go, sender.go: RFC 8935; poll.go: RFC 8936; bell.go: waking who waits
//   - server.go: routes, tokens, scopes, errors; discovery.go: the transmitter's metadata
//   - config.go, status.go, subject.go, verification.go: the endpoints of the Shared Signals Framework
//   - store.go: what is asked of the database
package events
