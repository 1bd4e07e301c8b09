package console

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"proprio/resources"
)

// problemPage is what an error page tells.
type problemPage struct {
	Status    int
	Title     string // message key
	Text      string // message key
	Reference string // to find the cause in the log; may be empty
}

// fail shows what went wrong. The reader learns what to do; the cause goes to the log under a reference.
func (c *Console) fail(v *visit, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, context.Canceled):
		return // nobody is waiting for an answer
	case errors.Is(err, resources.ErrNotFound):
		c.problem(v, http.StatusNotFound, "error.not-found")
	case errors.Is(err, resources.ErrForbidden):
		c.problem(v, http.StatusForbidden, "error.forbidden")
	case errors.As(err, &tooLarge):
		c.problem(v, http.StatusRequestEntityTooLarge, "error.too-large")
	case errors.Is(err, resources.ErrVersion):
		c.problem(v, http.StatusConflict, "error.changed")
	case errors.Is(err, errForm):
		c.problem(v, http.StatusBadRequest, "error.form")
	case errors.Is(err, resources.ErrFull):
		c.Logger.ErrorContext(v.r.Context(), "nothing can be written", "path", v.r.URL.Path, "error", err)
		v.w.Header().Set("Retry-After", "30")
		c.problem(v, http.StatusInsufficientStorage, "error.full")
	case errors.Is(err, resources.ErrBusy):
		v.w.Header().Set("Retry-After", "5")
		c.problem(v, http.StatusServiceUnavailable, "error.busy")
	default:
		reference := uuid.NewString()[:8]
		c.Logger.ErrorContext(v.r.Context(), "page failed", "path", v.r.URL.Path, "reference", reference, "error", err)
		c.show(v, http.StatusInternalServerError, "problem", problemPage{
			Status: http.StatusInternalServerError, Title: "error.internal.title", Text: "error.internal.text", Reference: reference,
		})
	}
}

// problem shows the error page of a message pair key.title, key.text.
func (c *Console) problem(v *visit, status int, key string) {
	c.show(v, status, "problem", problemPage{Status: status, Title: key + ".title", Text: key + ".text"})
}

// show renders, and falls back to plain text when even that fails.
func (c *Console) show(v *visit, status int, name string, data any) {
	if err := c.render(v, status, name, data); err != nil {
		c.Logger.ErrorContext(v.r.Context(), "render failed", "page", name, "error", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// crossOrigin answers a form that another site sent.
func (c *Console) crossOrigin(w http.ResponseWriter, r *http.Request) {
	c.problem(c.visit(w, r, ""), http.StatusForbidden, "error.cross-origin")
}
