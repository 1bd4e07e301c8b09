package oauth

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// TokenPath is where clients get access tokens (RFC 6749 §3.2), under the public URL.
const TokenPath = "/oauth/token"

// Server is the authorization server. Its dependencies are its fields; it is safe for concurrent use once Handler was
// called.
type Server struct {
	Store     Store
	PublicURL string     // scheme and host, as clients reach the server; the issuer
	Resources []Resource // what the tokens are for
	NewID     func() string
	Now       func() time.Time
	Log       *slog.Logger
	// ClientAddress is the network address that a request counts for.
	ClientAddress func(*http.Request) string
	// Calls surrounds the requests for clients' keys; optional.
	Calls func(http.RoundTripper) http.RoundTripper
}

// Concerns says whether a path is for this server.
func Concerns(path string) bool {
	return path == TokenPath || path == metadataPath || path == resourcePath || strings.HasPrefix(path, resourcePath+"/")
}

// service is a server with what it keeps while it runs.
type service struct {
	Server
	keys   *fetcher
	limits limits
}

// Handler serves everything that [Concerns] it.
func (s *Server) Handler() http.Handler {
	made := &service{Server: *s, keys: newFetcher(s.Now, s.Calls), limits: newLimits()}
	made.PublicURL = strings.TrimRight(s.PublicURL, "/")
	mux := http.NewServeMux()
	mux.Handle(TokenPath, only(http.MethodPost, http.HandlerFunc(made.token)))
	mux.Handle(metadataPath, only(http.MethodGet, document(made.metadata())))
	mux.Handle(resourcePath, only(http.MethodGet, document(made.wholeMetadata())))
	for _, r := range s.Resources {
		mux.Handle(resourcePath+r.Path, only(http.MethodGet, document(made.resourceMetadata(r))))
	}
	return made.headers(mux)
}

// headers are on every answer: none is kept, none is taken for what it is not, and a browser stays with https.
func (s *service) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if strings.HasPrefix(s.PublicURL, "https:") {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// only answers other methods with 405 and Allow. HEAD is GET without the body.
func only(method string, next http.Handler) http.Handler {
	allow := method
	if method == http.MethodGet {
		allow = "GET, HEAD"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == method || method == http.MethodGet && r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", allow)
		writeJSON(w, http.StatusMethodNotAllowed, map[string]string{
			"error": codeRequest, "error_description": "This address answers " + allow + " alone.",
		})
	})
}

func document(content map[string]any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, content) })
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nothing left to tell it
}
