// Package rest connects the push engine to products that do not speak SCIM: each connector shows a product's own interface
// as SCIM resources (push.Remote), reads its lists to their end, and puts its refusals into SCIM's statuses, so that the
// engine needs to know of none of them.
//
// A connector holds no state and retries nothing: what is to be done again is the engine's business. The one exception is a
// call whose access token was refused, which is sent again with a fresh one. No connector ever deletes an account where the
// product can do less; profiles say what each does (package push/profiles).
//
//   - connectors.go: the table of products; how one is opened
//   - remote.go: a product as push.Remote
//   - resource.go: queries, changes and accounts in SCIM's terms
//   - reading.go: lists read to their end
//   - api.go: calls, signed and answered in JSON
//   - credential.go: credentials that are more than a token
//   - token.go, refresh.go: access tokens; refresh tokens that are replaced with each use
//   - password.go: passwords that nobody knows
//   - groups.go: the groups of a directory service
//   - pipedrive.go, lastpass.go, hubstaff.go, zendesk.go, hubspot.go, dropbox.go: the products
//   - zendesk_tickets.go: what a Zendesk agent leaves
//   - google.go, google_groups.go, graph.go, graph_groups.go: those with groups
package rest
