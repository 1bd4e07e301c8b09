package oidc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// The limits of a session.
const (
	IdleLimit     = 30 * time.Minute // without a request
	AbsoluteLimit = 12 * time.Hour   // in all; the issuer's claim session_expiry can shorten it
	seenInterval  = time.Minute      // how exact Seen is: not every request writes
)

// Session is a signed-in admin. The browser has its secret, the store a hash of it.
type Session struct {
	Company   string
	Issuer    string // issuer's id
	Admin     Admin  // as it is now
	User      string // id of the User in the directory; empty: not there
	Created   time.Time
	Seen      time.Time
	Expires   time.Time
	UserAgent string
	Address   string // network address at sign-in
}

// SessionStore keeps sessions.
type SessionStore interface {
	// CreateSession stores a session under the hash of its secret, and ends the one with the hash `old` (zero: none)
	// in the same transaction.
	CreateSession(ctx context.Context, s Session, hash, old [32]byte) error
	// SessionByHash returns a session with its admin as it is now, or ErrNotFound.
	SessionByHash(ctx context.Context, hash [32]byte) (Session, error)
	// TouchSession notes the latest request, and the User that the admin is by now.
	TouchSession(ctx context.Context, company string, hash [32]byte, seen time.Time, user string) error
	// EndSession removes a session; one that is gone is no error.
	EndSession(ctx context.Context, company string, hash [32]byte) error
}

// Sessions recognises signed-in admins. All fields are required.
type Sessions struct {
	Store  Store
	Site   Site
	Now    func() time.Time
	Logger *slog.Logger
	// Calls surrounds the requests to issuers; optional.
	Calls func(http.RoundTripper) http.RoundTripper
}

// Authenticate returns the session of a request. It looks at the admin, the company's domains and the directory anew, so
// that whoever was deactivated a moment ago is out at once (clients.md 9.2, rules 6 and 7). Without a session in force
// the error is a [*Refusal]; any other error is a fault.
func (s *Sessions) Authenticate(r *http.Request) (Session, error) {
	ctx := r.Context()
	secret, ok := s.Site.cookie(r, sessionCookie)
	if !ok {
		return Session{}, &Refusal{Reason: ReasonNoSession}
	}
	hash := hashSecret(secret)
	session, err := s.Store.SessionByHash(ctx, hash)
	if errors.Is(err, ErrNotFound) {
		return Session{}, &Refusal{Reason: ReasonNoSession}
	}
	if err != nil {
		return Session{}, fmt.Errorf("session: %w", err)
	}
	reason, user, err := s.inForce(ctx, session)
	if err != nil {
		return Session{}, fmt.Errorf("session: %w", err)
	}
	if reason != "" {
		return Session{}, s.end(ctx, session, hash, reason)
	}
	return s.touch(ctx, session, hash, user)
}

// inForce says why a session is not in force any more (empty: it is), and who the admin is in the directory.
func (s *Sessions) inForce(ctx context.Context, session Session) (reason Reason, user string, err error) {
	now := s.Now()
	switch {
	case !now.Before(session.Expires):
		return ReasonSessionExpired, "", nil
	case now.Sub(session.Seen) >= IdleLimit:
		return ReasonSessionIdle, "", nil
	case session.Admin.Disabled:
		return ReasonAdminDisabled, "", nil
	}
	domains, err := s.Store.VerifiedDomains(ctx, session.Company)
	if err != nil {
		return "", "", err
	}
	if !slices.Contains(domains, domainOf(session.Admin.AddressFolded)) {
		return ReasonDomainOutside, "", nil
	}
	admin := session.Admin
	if session.User != "" {
		admin.User = session.User
	}
	person, err := personOf(ctx, s.Store, admin)
	if err != nil {
		return "", "", err
	}
	if person != nil {
		user = person.ID
	}
	return person.refusal(admin), user, nil
}

// personOf asks the directory; nil when the admin is not in it.
func personOf(ctx context.Context, people People, a Admin) (*Person, error) {
	person, err := people.PersonOf(ctx, a.Company, a.User, a.AddressFolded)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &person, nil
}

// end removes a session that a rule stopped. That a time ran out is no news for the record.
func (s *Sessions) end(ctx context.Context, session Session, hash [32]byte, reason Reason) error {
	if err := s.Store.EndSession(ctx, session.Company, hash); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if reason != ReasonSessionExpired && reason != ReasonSessionIdle {
		err := s.Store.RecordSignIn(ctx, Event{
			Company: session.Company, At: s.Now(), Act: ActEnd, Reason: reason, Issuer: session.Issuer,
			Admin: session.Admin.ID, Address: session.Admin.Address, Subject: session.Admin.Subject,
		})
		if err != nil {
			return fmt.Errorf("record the end of a session: %w", err)
		}
	}
	return &Refusal{Reason: reason}
}

func (s *Sessions) touch(ctx context.Context, session Session, hash [32]byte, user string) (Session, error) {
	now := s.Now()
	if now.Sub(session.Seen) < seenInterval && user == session.User {
		return session, nil
	}
	if user != session.User && user != "" { // remembered, so that a User removed later is missed at the next sign-in
		if err := s.Store.NoteAdmin(ctx, session.Company, session.Admin.ID, session.Admin.Address, user); err != nil {
			return Session{}, fmt.Errorf("note who the admin is: %w", err)
		}
	}
	session.Seen, session.User = now, user
	if err := s.Store.TouchSession(ctx, session.Company, hash, now, user); err != nil {
		return Session{}, fmt.Errorf("session: %w", err)
	}
	return session, nil
}

// start makes a session under a new secret, and ends the one the browser had: a secret that somebody planted before the
// sign-in is worth nothing after it (session fixation).
func (s *Sessions) start(w http.ResponseWriter, r *http.Request, session Session, until time.Time) error {
	now := s.Now()
	session.Created, session.Seen, session.Expires = now, now, now.Add(AbsoluteLimit)
	if !until.IsZero() && until.Before(session.Expires) {
		session.Expires = until
	}
	session.UserAgent = truncate(r.UserAgent(), 200)
	session.Address = remoteHost(r)
	var old [32]byte
	if had, ok := s.Site.cookie(r, sessionCookie); ok {
		old = hashSecret(had)
	}
	secret := newSecret()
	if err := s.Store.CreateSession(r.Context(), session, hashSecret(secret), old); err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	s.Site.setCookie(w, sessionCookie, secret, 0)
	return nil
}
