package scim

import (
	"net/http"
	"strings"

	"proprio/resources"
)

// public answers the one thing that is told without a token: ServiceProviderConfig, so that a client can learn how to
// authenticate before it does (RFC 7643 §5, protocol.md 2.1, 7). It is the document of a company that has turned nothing
// on, and so tells nothing about any. A request that brings credentials goes the usual way, however wrong they are:
// identity providers try a new token on this endpoint.
func (s *Server) public(next http.Handler) http.Handler {
	registry := resources.NewRegistry()
	const path = "/ServiceProviderConfig"
	config := s.route(path, methods{http.MethodGet: newDiscovery(newSite(s, edition{registry: registry})).providerConfig})
	names := pathNames(registry.Types())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		if reads && strings.TrimSpace(r.Header.Get("Authorization")) == "" && canonicalPath(r.URL.EscapedPath(), names) == BasePath+path {
			config.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
