package oidc

// What the tests in package oidc_test look at from inside.
var (
	SafeReturn  = safeReturn
	ParseClaims = parseClaims
	CheckDial   = checkDial
)

// ErrPrivateAddress is what CheckDial refuses with.
var ErrPrivateAddress = errPrivateAddress
