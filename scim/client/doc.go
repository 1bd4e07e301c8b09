// Package client speaks SCIM 2.0 outward (RFC 7644): create, get, list, replace, patch, delete.
//
// It reads what real services answer: envelope keys in any letter case, application/json as well as
// application/scim+json, answers without Location. It is strict where leniency loses data: a list counts as read only when every page
// came and the total agrees; a redirect never carries the credential to another host; an answer has a size limit; an
// address inside the own network is refused when the connection is dialled, unless the caller allowed it.
//
// It retries nothing and remembers nothing: that is the business of package push.
//
//   - client.go: configuration and the one exchange that all calls share
//   - calls.go: the SCIM operations
//   - plain.go: calls of interfaces that are not SCIM, through the same exchange
//   - list.go: complete reads
//   - document.go: answers, read in any letter case
//   - error.go: what a refused or broken exchange looks like; Retry-After
//   - dial.go: transports and the dial guard
//   - record.go: the excerpt of an exchange that is shown to admins
//   - secrets.go: what no excerpt and no error shows
package client
