package oidc

import (
	"fmt"
	"net/http"
)

// Reason is why a sign-in or a session was refused: a code for the record, not a text for the user. A page shows one
// general text per [Kind], so that it does not tell a stranger which rule stopped them (clients.md 9.2, rule 12).
type Reason string

// The reasons of the protocol with the browser and the issuer.
const (
	ReasonIssuerUnknown   Reason = "issuer-unknown"
	ReasonIssuerDisabled  Reason = "issuer-disabled"
	ReasonBusy            Reason = "busy"             // too many sign-ins are being started
	ReasonStateMissing    Reason = "state-missing"    // the callback has no state, or the browser has no cookie
	ReasonStateUnknown    Reason = "state-unknown"    // never given out, or used before
	ReasonStateExpired    Reason = "state-expired"    // older than AttemptLife
	ReasonBrowserMismatch Reason = "browser-mismatch" // started in another browser: login CSRF
	ReasonMixUp           Reason = "mix-up"           // answered by another issuer than the one asked (RFC 9207)
	ReasonCancelled       Reason = "cancelled"        // the issuer says the user refused
	ReasonProviderError   Reason = "provider-error"   // the issuer answered with another error, or its userinfo endpoint with no usable answer
	ReasonProviderDown    Reason = "provider-down"    // discovery, keys, token or userinfo endpoint could not be used
	ReasonCodeRefused     Reason = "code-refused"     // the token endpoint did not take the code
	ReasonTokenInvalid    Reason = "token-invalid"    // signature, algorithm, issuer, audience, times, at_hash
	ReasonNonceMismatch   Reason = "nonce-mismatch"   // the ID token is not for this attempt
	ReasonSignInTooOld    Reason = "sign-in-too-old"  // auth_time is missing or older than the issuer's MaxAge
	ReasonMethodTooWeak   Reason = "method-too-weak"  // amr has none of the issuer's Methods
	ReasonFault           Reason = "fault"            // our own failure; the log says more
)

// The reasons of the guard (clients.md 9.2, rules 1 to 7).
const (
	ReasonEmailMissing    Reason = "email-missing"
	ReasonEmailMalformed  Reason = "email-malformed"
	ReasonEmailUnverified Reason = "email-unverified"
	ReasonDomainOutside   Reason = "domain-outside"  // not a verified domain of the company
	ReasonHostedDomain    Reason = "hosted-domain"   // Google's hd is missing or not the company's
	ReasonTenant          Reason = "tenant"          // Entra's tid is not the company's
	ReasonGuest           Reason = "guest"           // a guest account of the company's Entra tenant
	ReasonNotListed       Reason = "not-listed"      // nobody listed this address as an admin
	ReasonAdminDisabled   Reason = "admin-disabled"  //
	ReasonSubjectChanged  Reason = "subject-changed" // the address is known, the identity behind it is new
	ReasonBoundElsewhere  Reason = "bound-elsewhere" // the address is bound to an identity of another issuer
	ReasonDeactivated     Reason = "deactivated"     // the directory says inactive
	ReasonHeld            Reason = "held"            // the directory holds the User
	ReasonRemoved         Reason = "removed"         // was in the directory, is there no longer
)

// The reasons of a session.
const (
	ReasonNoSession      Reason = "no-session" // no cookie, or ended
	ReasonSessionExpired Reason = "session-expired"
	ReasonSessionIdle    Reason = "session-idle"
)

// Kind groups reasons by what the user can do about them. Pages show one text per kind.
type Kind string

// The kinds.
const (
	KindAgain     Kind = "again"     // start again
	KindCancelled Kind = "cancelled" // the user said no at the issuer
	KindRefused   Kind = "refused"   // ask an administrator
	KindProvider  Kind = "provider"  // the issuer, or its settings here, are at fault
	KindFault     Kind = "fault"     // we are at fault
)

// Kind says what the user can do.
func (r Reason) Kind() Kind {
	switch r {
	case ReasonStateMissing, ReasonStateUnknown, ReasonStateExpired, ReasonBrowserMismatch,
		ReasonBusy, ReasonIssuerUnknown, ReasonNoSession, ReasonSessionExpired, ReasonSessionIdle:
		return KindAgain
	case ReasonCancelled:
		return KindCancelled
	case ReasonMixUp, ReasonProviderError, ReasonProviderDown, ReasonCodeRefused, ReasonTokenInvalid,
		ReasonNonceMismatch:
		return KindProvider
	case ReasonFault:
		return KindFault
	}
	return KindRefused
}

// Status is the HTTP status of a page that shows the reason.
func (r Reason) Status() int {
	if r == ReasonBusy {
		return http.StatusTooManyRequests
	}
	if r == ReasonIssuerUnknown {
		return http.StatusNotFound
	}
	switch r.Kind() {
	case KindAgain, KindCancelled:
		return http.StatusBadRequest
	case KindProvider:
		return http.StatusBadGateway
	case KindFault:
		return http.StatusInternalServerError
	}
	return http.StatusForbidden
}

// Alarm says that somebody should look at it: the signs of a taken-over or re-used address, or of an attack.
func (r Reason) Alarm() bool {
	switch r {
	case ReasonSubjectChanged, ReasonBoundElsewhere, ReasonMixUp, ReasonBrowserMismatch:
		return true
	}
	return false
}

// recorded says whether a refusal goes to the company's record. What anybody can send without having started a sign-in
// goes to the log only: else a stranger could fill the record.
func (r Reason) recorded() bool {
	switch r {
	case ReasonIssuerUnknown, ReasonIssuerDisabled, ReasonBusy, ReasonStateMissing, ReasonStateUnknown:
		return false
	}
	return true
}

// Refusal is a sign-in or a session that a rule stopped. Err is for the log, never for the user.
type Refusal struct {
	Reason    Reason
	Err       error
	Reference string // of a refused sign-in: shown to the user and kept in the record, so that an admin finds the reason
}

// Error gives reason and cause in one line, for logs.
func (r *Refusal) Error() string {
	if r.Err == nil {
		return "refused: " + string(r.Reason)
	}
	return fmt.Sprintf("refused: %s: %v", r.Reason, r.Err)
}

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(reason Reason, format string, args ...any) error {
	return &Refusal{Reason: reason, Err: fmt.Errorf(format, args...)}
}
