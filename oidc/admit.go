package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// admit asks the guard, and makes the session.
func (s *SignIn) admit(w http.ResponseWriter, r *http.Request, i Issuer, claims Claims) error {
	ctx := r.Context()
	e, err := s.evidence(ctx, i, claims)
	if err != nil {
		return err
	}
	v := Decide(e)
	if v.Outcome == Refuse {
		return &Refusal{Reason: v.Reason}
	}
	if e.Person != nil {
		v.Admin.User = e.Person.ID
	}
	act, err := s.note(ctx, i, claims, v)
	if err != nil {
		return err
	}
	err = s.sessions.Store.RecordSignIn(ctx, Event{
		Company: i.Company, At: s.sessions.Now(), Act: act, Issuer: i.ID,
		Admin: v.Admin.ID, Address: v.Admin.Address, Subject: claims.Subject,
	})
	if err != nil { // nobody is in without an entry that says so
		return fmt.Errorf("record the sign-in: %w", err)
	}
	session := Session{Company: i.Company, Issuer: i.ID, Admin: v.Admin, User: v.Admin.User}
	return s.sessions.start(w, r, session, claims.SessionExpiry)
}

// evidence gathers what the guard looks at.
func (s *SignIn) evidence(ctx context.Context, i Issuer, claims Claims) (Evidence, error) {
	store := s.sessions.Store
	e := Evidence{Claims: claims, Issuer: i}
	var err error
	e.Domains, err = store.VerifiedDomains(ctx, i.Company)
	if err != nil {
		return e, fmt.Errorf("domains: %w", err)
	}
	e.Bound, err = optional(store.AdminByIdentity(ctx, i.Company, i.URL, claims.Subject))
	if err != nil {
		return e, fmt.Errorf("admin by identity: %w", err)
	}
	if folded, ok := FoldAddress(claims.Email); ok {
		e.Listed, err = optional(store.AdminByAddress(ctx, i.Company, folded))
		if err != nil {
			return e, fmt.Errorf("admin by address: %w", err)
		}
	}
	if admin := e.Candidate(); admin != nil {
		e.Person, err = personOf(ctx, store, *admin)
	}
	return e, err
}

func optional(a Admin, err error) (*Admin, error) {
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return &a, err
}

// note stores the binding, and what the sign-in told of the admin.
func (s *SignIn) note(ctx context.Context, i Issuer, claims Claims, v Verdict) (Act, error) {
	store, act := s.sessions.Store, ActSignIn
	if v.Outcome == Bind {
		act = ActBind
		err := store.BindAdmin(ctx, i.Company, v.Admin.ID, i.URL, claims.Subject, s.sessions.Now())
		if errors.Is(err, ErrTaken) { // somebody else was bound since the guard looked
			return "", &Refusal{Reason: ReasonSubjectChanged, Err: err}
		}
		if err != nil {
			return "", fmt.Errorf("bind the admin: %w", err)
		}
	}
	err := store.NoteAdmin(ctx, i.Company, v.Admin.ID, v.Admin.Address, v.Admin.User)
	if err != nil {
		return "", fmt.Errorf("note the sign-in: %w", err)
	}
	return act, nil
}
