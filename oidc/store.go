package oidc

// Store is everything this package keeps or asks, in one place for wiring. Package db implements it.
type Store interface {
	Issuers
	Admins
	Attempts
	SessionStore
	People
	Domains
	Recorder
}
