package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/time/rate"
)

// How many refusals go to the record although nobody showed who they are: whoever starts sign-ins and spoils them could
// fill it. The rest is in the log.
const (
	recordsPerMinute = 6
	recordsAtOnce    = 60
)

// SignIn is what the console calls. Make it with [NewSignIn].
type SignIn struct {
	sessions *Sessions
	party    *relyingParty
	begins   *begins
	records  *rate.Limiter // of refused strangers
}

// NewSignIn shares store, site, clock and logger with the sessions it makes.
func NewSignIn(s *Sessions) *SignIn {
	return &SignIn{
		sessions: s,
		party:    &relyingParty{providers: &providers{now: s.Now, calls: s.Calls}, site: s.Site, now: s.Now},
		begins:   newBegins(),
		records:  rate.NewLimiter(recordsPerMinute/60.0, recordsAtOnce),
	}
}

// Begin starts a sign-in: it stores the attempt, ties it to the browser by a cookie, and returns the address at the
// issuer to send the browser to (303). A refusal is a [*Refusal] with a Reference.
func (s *SignIn) Begin(w http.ResponseWriter, r *http.Request, issuer, returnTo string) (string, error) {
	i, address, err := s.begin(w, r, issuer, returnTo)
	if err != nil {
		return "", s.refused(r.Context(), i, Claims{}, err)
	}
	return address, nil
}

func (s *SignIn) begin(w http.ResponseWriter, r *http.Request, issuer, returnTo string) (Issuer, string, error) {
	if !s.begins.byAddress.allow(ClientAddress(r), s.sessions.Now()) {
		return Issuer{}, "", refuse(ReasonBusy, "too many from the address %s", ClientAddress(r))
	}
	i, err := s.issuer(r.Context(), issuer)
	if err != nil {
		return i, "", err
	}
	if !s.begins.byCompany.allow(i.Company, s.sessions.Now()) || !s.begins.all.AllowN(s.sessions.Now(), 1) {
		return i, "", refuse(ReasonBusy, "too many in the company, or in all")
	}
	browser, ok := s.sessions.Site.cookie(r, attemptCookie)
	if !ok {
		browser = newSecret()
	}
	now, state := s.sessions.Now(), newSecret()
	a := Attempt{
		Company: i.Company, Issuer: i.ID, State: hashSecret(state), Browser: hashSecret(browser),
		Nonce: newSecret(), Verifier: oauth2.GenerateVerifier(), ReturnTo: safeReturn(returnTo), Expires: now.Add(AttemptLife),
	}
	address, err := s.party.authURL(r.Context(), i, state, a)
	if err != nil {
		return i, "", err
	}
	if err := s.sessions.Store.SaveAttempt(r.Context(), a, now); err != nil {
		return i, "", fmt.Errorf("save the attempt: %w", err)
	}
	s.sessions.Site.setCookie(w, attemptCookie, browser, AttemptLife)
	return i, address, nil
}

// issuer finds the issuer of a route. An id that is not known and one that is disabled are told apart in the record only.
func (s *SignIn) issuer(ctx context.Context, id string) (Issuer, error) {
	i, err := s.sessions.Store.Issuer(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return Issuer{}, refuse(ReasonIssuerUnknown, "no issuer has the id %q", truncate(id, 64))
	case err != nil:
		return Issuer{}, fmt.Errorf("issuer: %w", err)
	case i.Disabled:
		return i, &Refusal{Reason: ReasonIssuerDisabled}
	}
	return i, nil
}

// Finish ends a sign-in at [CallbackPattern]: it sets the session's cookie and returns where to go on, a path of this
// site. A refusal is a [*Refusal] with a Reference.
func (s *SignIn) Finish(w http.ResponseWriter, r *http.Request) (returnTo string, err error) {
	i, claims, a, err := s.answer(r)
	if err == nil {
		err = s.admit(w, r, i, claims)
	}
	if err != nil {
		return "", s.refused(r.Context(), i, claims, err)
	}
	return safeReturn(a.ReturnTo), nil
}

// answer checks what the browser brings back, up to the verified claims.
func (s *SignIn) answer(r *http.Request) (Issuer, Claims, Attempt, error) {
	i, err := s.issuer(r.Context(), r.PathValue("issuer"))
	if err != nil {
		return i, Claims{}, Attempt{}, err
	}
	q := r.URL.Query()
	a, err := s.takeAttempt(r, i, q.Get("state"))
	if err != nil {
		return i, Claims{}, a, err
	}
	if err := s.party.checkSender(r.Context(), i, q.Get("iss"), q.Has("iss")); err != nil {
		return i, Claims{}, a, err
	}
	if err := answeredError(q); err != nil {
		return i, Claims{}, a, err
	}
	claims, err := s.party.redeem(r.Context(), i, a, q.Get("code"))
	return i, claims, a, err
}

// takeAttempt spends the state. Whatever is wrong with the rest, it does not work a second time.
func (s *SignIn) takeAttempt(r *http.Request, i Issuer, state string) (Attempt, error) {
	browser, ok := s.sessions.Site.cookie(r, attemptCookie)
	if !ok || state == "" {
		return Attempt{}, refuse(ReasonStateMissing, "state given: %t, cookie given: %t", state != "", ok)
	}
	a, err := s.sessions.Store.TakeAttempt(r.Context(), i.Company, hashSecret(state))
	if errors.Is(err, ErrNotFound) {
		return Attempt{}, &Refusal{Reason: ReasonStateUnknown}
	}
	if err != nil {
		return Attempt{}, fmt.Errorf("take the attempt: %w", err)
	}
	hash := hashSecret(browser)
	switch {
	case !s.sessions.Now().Before(a.Expires):
		return Attempt{}, &Refusal{Reason: ReasonStateExpired}
	case subtle.ConstantTimeCompare(hash[:], a.Browser[:]) != 1:
		return Attempt{}, refuse(ReasonBrowserMismatch, "the sign-in was started in another browser")
	case a.Issuer != i.ID:
		return Attempt{}, refuse(ReasonMixUp, "the sign-in was started with the issuer %s", a.Issuer)
	}
	return a, nil
}

// answeredError reads an error answer (RFC 6749 §4.1.2.1). Its description goes to the log only, quoted.
func answeredError(q url.Values) error {
	code := q.Get("error")
	switch {
	case code == "access_denied":
		return refuse(ReasonCancelled, "%q", truncate(q.Get("error_description"), 300))
	case code != "":
		return refuse(ReasonProviderError, "%q %q", truncate(code, 100), truncate(q.Get("error_description"), 300))
	case q.Get("code") == "":
		return refuse(ReasonProviderError, "neither code nor error")
	}
	return nil
}

// End ends the session of a request and removes its cookie. It is for a POST that other sites cannot send.
func (s *SignIn) End(w http.ResponseWriter, r *http.Request) error {
	s.sessions.Site.setCookie(w, sessionCookie, "", -time.Second)
	secret, ok := s.sessions.Site.cookie(r, sessionCookie)
	if !ok {
		return nil
	}
	session, err := s.sessions.Store.SessionByHash(r.Context(), hashSecret(secret))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if err := s.sessions.Store.EndSession(r.Context(), session.Company, hashSecret(secret)); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return s.sessions.Store.RecordSignIn(r.Context(), Event{
		Company: session.Company, At: s.sessions.Now(), Act: ActSignOut, Issuer: session.Issuer,
		Admin: session.Admin.ID, Address: session.Admin.Address, Subject: session.Admin.Subject,
	})
}

// refused gives every failure of a sign-in a reason and a reference, and tells the log and, when it was a sign-in that we
// had started, the record.
func (s *SignIn) refused(ctx context.Context, i Issuer, claims Claims, err error) error {
	refusal := &Refusal{Reason: ReasonFault, Err: err}
	var known *Refusal
	if errors.As(err, &known) {
		refusal = known
	}
	refusal.Reference = strings.ToLower(rand.Text()[:8])
	level := slog.LevelInfo
	if refusal.Reason == ReasonFault {
		level = slog.LevelError
	}
	s.sessions.Logger.Log(ctx, level, "sign-in refused", "reason", refusal.Reason, "reference", refusal.Reference,
		"company", i.Company, "issuer", i.ID, "alarm", refusal.Reason.Alarm(), "error", refusal.Err)
	stranger := claims.Subject == ""
	if !refusal.Reason.recorded() || stranger && !s.records.AllowN(s.sessions.Now(), 1) {
		return refusal
	}
	recordErr := s.sessions.Store.RecordSignIn(ctx, Event{
		Company: i.Company, At: s.sessions.Now(), Act: ActRefuse, Reason: refusal.Reason, Alarm: refusal.Reason.Alarm(),
		Issuer: i.ID, Address: claims.Email, Subject: claims.Subject, Reference: refusal.Reference,
	})
	if recordErr != nil {
		s.sessions.Logger.ErrorContext(ctx, "a refused sign-in is not in the record", "error", recordErr)
	}
	return refusal
}

func truncate(s string, limit int) string {
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "")
	}
	return strings.ToValidUTF8(s, "")
}
