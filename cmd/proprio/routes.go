package main

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"proprio/resources"
	"proprio/scim"
)

// otherRoute is what requests are counted under that no route was found for, or that were refused before.
const otherRoute = "other"

// routes are the names under which SCIM requests are counted: templates such as /scim/v2/Users/{id}, by what the SCIM
// server calls them. There are only so many, whatever clients ask for and companies define.
type routes map[string]string

func newRoutes(registry *resources.Registry) routes {
	r := routes{"": otherRoute}
	for _, path := range []string{
		"/", "/.search", "/.delta", "/.deltaToken", "/Bulk", "/Me", "/AsyncRequests/{id}", "/ServiceProviderConfig",
		"/ResourceTypes", "/ResourceTypes/{id}", "/Schemas", "/Schemas/{id}",
	} {
		r[path] = scim.BasePath + path
	}
	for _, t := range append(slices.Clone(registry.Types()), resources.NewMembershipType()) {
		for _, rest := range []string{"", "/{id}", "/.search", "/.delta", "/.deltaToken"} {
			r[t.Endpoint+rest] = scim.BasePath + t.Endpoint + rest
		}
	}
	return r
}

// of is the label of a SCIM route. All resource types that companies define share one.
func (r routes) of(route string) string {
	if label, ok := r[route]; ok {
		return label
	}
	_, rest, _ := strings.Cut(strings.TrimPrefix(route, "/"), "/")
	return strings.TrimSuffix(scim.BasePath+"/{type}/"+rest, "/")
}

// measured counts requests that are not SCIM's by the pattern under which their ServeMux has them.
func (i *instance) measured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, answer := time.Now(), &statusWriter{ResponseWriter: w}
		defer func() {
			route, code := patternRoute(r.Pattern), cmp.Or(answer.status, http.StatusOK)
			i.metrics.observe(route, r.Method, code, time.Since(start))
			i.traces.answered(r.Context(), route, methodLabel(r.Method), code)
		}()
		next.ServeHTTP(answer, r)
	})
}

// patternRoute is the label of a pattern such as "GET /people/{id}". The pattern of what is no page at all is "/".
func patternRoute(pattern string) string {
	_, path, found := strings.Cut(pattern, " ")
	if !found {
		path = pattern
	}
	switch path {
	case "", "/":
		return otherRoute
	case "/{$}":
		return "/"
	}
	return path
}

// countedMethods are told apart. A method is any word that a client, even one without a token, makes up; all that are
// none of HTTP's count as one, or each would be kept for ever.
var countedMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

func methodLabel(method string) string {
	if slices.Contains(countedMethods, method) {
		return method
	}
	return "other"
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController the connection's own writer.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
