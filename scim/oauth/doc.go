// Package oauth is Proprio's authorization server for SCIM clients: they get access tokens that live for an hour, beside
// the static tokens that an administrator issues. It knows HTTP and OAuth, and no SQL.
//
// It has one grant, client_credentials (RFC 6749 §4.4), for programs; people sign in elsewhere (package oidc). A client
// belongs to a connection, and its tokens act as that connection: they are kept with the static ones, and
// [proprio/resources.Connections] finds both. A client shows who it is by a secret, by an assertion signed with a key of
// its own (RFC 7523, private_key_jwt), or by one that another issuer signed for it: a federated client, of which Entra's
// workload identity federation is a preset.
//
// An answer says what a client should check and not what was found; the log says what was found, under the same reference.
// Neither has a secret or an assertion in it.
//
//   - client.go: a registered client, and what is checked when it is registered; entra.go: the preset for Entra
//   - secret.go: client secrets
//   - store.go: what is asked of the database
//   - server.go: the Server and every route
//   - token.go: the way of one token request; request.go: its form; error.go: how it is refused; rate.go: how many there may be
//   - authenticate.go: which client it is; assertion.go: what its assertion must say
//   - keys.go: JWK Sets and signatures; fetch.go: sets that are fetched, kept and renewed
//   - metadata.go: what this server says of itself (RFC 8414) and of the resources that its tokens are for (RFC 9728)
package oauth
