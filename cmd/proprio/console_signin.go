package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"proprio/console"
	"proprio/oidc"
	"proprio/ownership"
	"proprio/resources"
)

// consoleSignIn lets the console sign people in without knowing OpenID Connect.
type consoleSignIn struct{ i *instance }

// Issuers implements console.SignIn.
func (s consoleSignIn) Issuers(ctx context.Context, address string) ([]console.Issuer, error) {
	company, err := s.i.db.SoleCompany(ctx)
	sole := err == nil
	switch {
	case errors.Is(err, resources.ErrNotFound):
		return nil, nil // the page says how to begin
	case errors.Is(err, resources.ErrTooMany):
		company, err = s.companyOf(ctx, address)
	}
	if errors.Is(err, resources.ErrNotFound) {
		return nil, console.ErrWhichCompany
	}
	if err != nil {
		return nil, err
	}
	if company.Suspended {
		return nil, console.ErrWhichCompany // nobody signs in there
	}
	issuers, err := s.i.db.Issuers(ctx, company.ID)
	if err != nil {
		return nil, err
	}
	var out []console.Issuer
	for _, i := range issuers {
		if !i.Disabled {
			out = append(out, console.Issuer{ID: i.ID, Name: i.Name, Company: company.Name})
		}
	}
	if len(out) == 0 && !sole {
		return nil, console.ErrWhichCompany // a company without a provider looks like no company
	}
	return out, nil
}

// companyOf is the company that has verified the domain of an address.
func (s consoleSignIn) companyOf(ctx context.Context, address string) (ownership.Company, error) {
	domain, ok := ownership.AddressDomain(address)
	if !ok {
		return ownership.Company{}, resources.ErrNotFound
	}
	return s.i.db.CompanyOfDomain(ctx, domain)
}

// Begin implements console.SignIn.
func (s consoleSignIn) Begin(w http.ResponseWriter, r *http.Request, issuer, returnTo string) (string, error) {
	address, err := s.i.signIn.Begin(w, r, issuer, returnTo)
	return address, refused(err)
}

// Finish implements console.SignIn.
func (s consoleSignIn) Finish(w http.ResponseWriter, r *http.Request) (string, error) {
	returnTo, err := s.i.signIn.Finish(w, r)
	return returnTo, refused(err)
}

// End implements console.SignIn.
func (s consoleSignIn) End(w http.ResponseWriter, r *http.Request) error { return s.i.signIn.End(w, r) }

// Current implements console.SignIn.
func (s consoleSignIn) Current(r *http.Request) (console.Session, error) {
	session, err := s.i.sessions.Authenticate(r)
	var refusal *oidc.Refusal
	if errors.As(err, &refusal) {
		return console.Session{}, fmt.Errorf("%w: %w", console.ErrNoSession, err)
	}
	if err != nil {
		return console.Session{}, err
	}
	company, err := s.i.db.Company(r.Context(), session.Company)
	if err != nil {
		return console.Session{}, err
	}
	if company.Suspended {
		return console.Session{}, console.ErrNoSession
	}
	return console.Session{
		Company: company.ID, CompanyName: company.Name, Admin: session.Admin.ID, Person: session.User,
		Email: session.Admin.Address,
		Role:  console.Role(session.Admin.Role),
	}, nil
}

// refused hands the console the reference of a refused sign-in, and keeps the reason from it.
func refused(err error) error {
	var refusal *oidc.Refusal
	if errors.As(err, &refusal) {
		return &console.RefusedError{
			Status: refusal.Reason.Status(), Kind: string(refusal.Reason.Kind()), Reference: refusal.Reference,
		}
	}
	return err
}
