package console

import (
	"errors"
	"net/http"
	"strings"
)

type signInPage struct {
	Issuers []Issuer
	Asks    bool   // for the work address, which tells the company
	Unknown bool   // the address that was given tells none
	Address string // as it was given
	Return  string
}

// signIn lists the identity providers, or asks first whose. Someone who is signed in already goes on.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	back := safeReturn(r.URL.Query().Get("return"))
	if _, err := c.SignIn.Current(r); err == nil {
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	c.listIssuers(c.visit(w, r, ""), "", back)
}

// listIssuers lists the providers of one company. Which companies are on the server is nobody's business, so where
// there are several the reader's address tells the one.
func (c *Console) listIssuers(v *visit, address, back string) {
	page := signInPage{Address: address, Return: back}
	status := http.StatusOK
	issuers, err := c.SignIn.Issuers(v.r.Context(), address)
	switch {
	case errors.Is(err, ErrWhichCompany):
		page.Asks = true
		if address != "" {
			page.Unknown, status = true, http.StatusUnprocessableEntity
		}
	case err != nil:
		c.fail(v, err)
		return
	default:
		page.Issuers = issuers
		// Browsers count the provider's redirects as part of the form's submission, and where a provider redirects to is
		// not ours to know; so this page alone may submit to other origins.
		v.w.Header().Set("Content-Security-Policy", policy("'self' https: http:"))
	}
	c.show(v, status, "signin", page)
}

// beginSignIn sends the browser to the provider; before one is chosen, it lists those that the address leads to. The
// address comes in the body only: an address bar is remembered, and logged on the way.
func (c *Console) beginSignIn(w http.ResponseWriter, r *http.Request) {
	issuer, back := r.PostForm.Get("issuer"), safeReturn(r.PostForm.Get("return"))
	if issuer == "" {
		c.listIssuers(c.visit(w, r, ""), strings.TrimSpace(r.PostForm.Get("address")), back)
		return
	}
	address, err := c.SignIn.Begin(w, r, issuer, back)
	if err != nil {
		c.refuse(c.visit(w, r, ""), err)
		return
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// finishSignIn is where the provider sends the browser back to.
func (c *Console) finishSignIn(w http.ResponseWriter, r *http.Request) {
	back, err := c.SignIn.Finish(w, r)
	if err != nil {
		c.refuse(c.visit(w, r, ""), err)
		return
	}
	http.Redirect(w, r, safeReturn(back), http.StatusSeeOther)
}

// refuse tells that a sign-in failed: one text per kind, and a reference for the administrator who looks it up.
func (c *Console) refuse(v *visit, err error) {
	var refused *RefusedError
	if !errors.As(err, &refused) {
		c.fail(v, err)
		return
	}
	page := *refused
	if page.Kind = oneOf(page.Kind, refusalKinds()...); page.Kind == "" {
		page.Kind = "refused"
	}
	if page.Status == 0 {
		page.Status = http.StatusForbidden
	}
	c.show(v, page.Status, "refused", page)
}

func refusalKinds() []string { return []string{"again", "cancelled", "refused", "provider", "fault"} }

// signOut ends the session.
func (c *Console) signOut(w http.ResponseWriter, r *http.Request) {
	if err := c.SignIn.End(w, r); err != nil {
		c.fail(c.visit(w, r, ""), err)
		return
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}
