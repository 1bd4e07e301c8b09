package rest

import "crypto/rand"

// randomPassword is a password that nobody knows, for products that make no account without one: letters of every kind that
// password rules ask for.
func randomPassword() string { return "aA1!" + rand.Text() + rand.Text() }
