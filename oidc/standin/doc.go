// Package standin is a small OpenID provider that stands in for a company's real one, in the demo and in tests. It
// speaks the true protocol over HTTP (discovery, authorization code with PKCE, RS256 ID tokens, userinfo, RFC 9207), with
// one difference: instead of asking for a password it asks who you are. It must never be reachable from outside loopback.
//
// For tests it can be told to misbehave in one way at a time ([Fault]), and a [Person] can carry any claims.
//
//   - provider.go: people, clients, routes, discovery and keys
//   - authorize.go, page.html: the page that asks who you are, and the code
//   - token.go: the code traded for an ID token
//   - userinfo.go: what the access token tells
//   - fault.go: how it can misbehave
package standin
