package console

import (
	"errors"
	"net/http"
)

type signInPage struct {
	Issuers []Issuer
	Return  string
}

// signIn lists the identity providers. Someone who is signed in already goes on.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	v := c.visit(w, r, "")
	back := safeReturn(r.FormValue("return"))
	if _, err := c.SignIn.Current(r); err == nil {
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	issuers, err := c.SignIn.Issuers(r.Context())
	if err != nil {
		c.fail(v, err)
		return
	}
	// Browsers count the provider's redirects as part of the form's submission, and where a provider redirects to is
	// not ours to know; so this page alone may submit to other origins.
	w.Header().Set("Content-Security-Policy", policy("'self' https: http:"))
	c.show(v, http.StatusOK, "signin", signInPage{Issuers: issuers, Return: back})
}

// beginSignIn sends the browser to the provider.
func (c *Console) beginSignIn(w http.ResponseWriter, r *http.Request) {
	address, err := c.SignIn.Begin(w, r, r.FormValue("issuer"), safeReturn(r.FormValue("return")))
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
