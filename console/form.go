package console

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"proprio/resources"
)

// How long forms may be, in bytes.
const (
	formSize  = 16 << 10 // a credential of several lines
	scopeSize = 64 << 10 // the rules of an app and more than a thousand groups
)

// errForm is a form that no page of the console sends.
var errForm = errors.New("not a form of the console")

// readForm reads a form whole before anything is done with it. What cannot be read whole is an error: net/http's FormValue
// would take it for an empty form, and an empty form must never stand for another one.
func readForm(w http.ResponseWriter, r *http.Request, size int64) error {
	r.Body = http.MaxBytesReader(w, r.Body, size) // in place: who counts requests reads the route from this one
	kind := r.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(kind)
	switch {
	case kind == "" && r.ContentLength == 0:
	case err != nil || media != "application/x-www-form-urlencoded":
		return fmt.Errorf("%w: content type %q", errForm, kind)
	}
	var tooLarge *http.MaxBytesError
	switch err = r.ParseForm(); {
	case errors.As(err, &tooLarge):
	case err != nil:
		err = fmt.Errorf("%w: %w", errForm, err)
	case !areTexts(r.PostForm):
		err = fmt.Errorf("%w: it holds what is no text", errForm)
	}
	return err
}

// open is a form that needs no session.
func (c *Console) open(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := readForm(w, r, formSize); err != nil {
			c.fail(c.visit(w, r, ""), err)
			return
		}
		h(w, r)
	}
}

// adminOnly refuses actions to those who may only look, and forms that cannot be read.
func adminOnly(size int64, p page) page {
	return adminActs(func(v *visit) error {
		if err := readForm(v.w, v.r, size); err != nil {
			return err
		}
		return p(v)
	})
}

// adminActs refuses actions to those who may only look.
func adminActs(p page) page {
	return func(v *visit) error {
		if v.session.Role != RoleAdmin {
			return resources.Errorf(resources.ErrForbidden, "", "the role %s may not change anything", v.session.Role)
		}
		return p(v)
	}
}

// readable answers what no page of the console leads to: addresses that are no text, which no database could look up.
func (c *Console) readable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isText(r.URL.Path) || !areTexts(r.URL.Query()) {
			c.problem(c.visit(w, r, ""), http.StatusNotFound, "error.not-found")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isText says that a text can be stored and shown.
func isText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func areTexts(form url.Values) bool {
	for name, values := range form {
		if !isText(name) || slices.ContainsFunc(values, func(v string) bool { return !isText(v) }) {
			return false
		}
	}
	return true
}

// noBody takes a body from requests that have none by their method: nothing reads what nobody limits.
func noBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			r.Body = http.NoBody
		}
		next.ServeHTTP(w, r)
	})
}
