// Package oidc signs IT admins in with OpenID Connect and keeps their sessions. It knows nothing of the rest of
// Proprio: what it needs from the directory, the company and the record it asks through small interfaces of its own.
//
// It is a relying party only (authorization code + PKCE, never a password). It draws no pages and owns no routes: the
// console calls it, and shows a refusal by its [Kind]. The routes must be protected from other sites
// (http.CrossOriginProtection), and the callback must be at [CallbackPattern].
//
// # The way of one sign-in
//
//	SignIn.Begin           an Attempt is stored (state, nonce, PKCE verifier), tied to the browser by a cookie, and the
//	                       browser is sent to the issuer
//	SignIn.Finish          the attempt is taken (once), the code redeemed, the ID token verified, an address
//	                       that it lacks asked of the issuer, the guard asked (allow, bind, refuse), the session made
//	                       under a new id
//	Sessions.Authenticate  on every request: session, admin, domain and person are looked at again
//	SignIn.End             the session is ended
//
// # Files
//
//	issuer.go        an OpenID provider of one company and what it is trusted to prove
//	admin.go         who may sign in, and the identity (issuer, subject) each is bound to
//	person.go        what is asked of the directory and of the company's domains
//	address.go       the one folded form of an address and its domain
//	attempt.go       one sign-in under way
//	claims.go        the claims of an ID token that matter here
//	guard.go         the decision: pure, no clock, no I/O
//	admit.go         from verified claims to a session
//	relyingparty.go  start and redeem: the protocol with the issuer
//	provider.go      discovery and keys, cached
//	userinfo.go      the address, where the ID token does not name it
//	dial.go          the HTTP client that stays out of private networks
//	site.go          public URL, cookies, return addresses
//	session.go       sessions of signed-in admins
//	signin.go        begin, finish, end: what the console calls
//	rate.go          how many sign-ins may be started, by whom
//	event.go         what is told to the record
//	reason.go        why a sign-in or a session is refused
//	errors.go        errors of the stores
//	store.go         the stores together
//
// oidc/standin is a real OpenID provider for the demo and for tests. It is never part of `serve`.
//
// Everything here is safe for concurrent use once its fields are set.
package oidc
