package events

import (
	"net/http"
)

// object of metadata (SSF 1.0 §7.1).
func (s *Server) describe(company string) map[string]any {
	issuer := s.Signer.Issuer(company)
	return map[string]any{
		"spec_version":               "1_0",
		"issuer":                     issuer,
		"jwks_uri":                   issuer + "/jwks.json",
		"delivery_methods_supported": []string{Push, Poll},
		"configuration_endpoint":     issuer + "/streams",
		"status_endpoint":            issuer + "/status",
		"add_subject_endpoint":       issuer + "/subjects/add",
		"remove_subject_endpoint":    issuer + "/subjects/remove",
		"verification_endpoint":      issuer + "/verification",
		"critical_subject_members":   []string{},
		"authorization_schemes":      []map[string]string{{"spec_urn": "urn:ietf:rfc:6749"}},
		"default_subjects":           "ALL",
	}
}

// metadata is that of a company, for whoever knows its issuer. It is the same for every company that could be, so it tells
// nobody which there are.
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	respond(w, http.StatusOK, s.describe(r.PathValue("company")))
	return nil
}

// ownMetadata tells the holder of a token which issuer is theirs.
func (s *Server) ownMetadata(w http.ResponseWriter, r *http.Request) error {
	c, err := s.authenticate(w, r, ScopeRead)
	if err == nil {
		respond(w, http.StatusOK, s.describe(c.Company))
	}
	return err
}

// keys is a company's JWK Set. It is short-lived in caches, so that a new key is known soon after it signs.
func (s *Server) keys(w http.ResponseWriter, r *http.Request) error {
	set, err := s.Signer.published(r.Context(), r.PathValue("company"))
	if err == nil {
		w.Header().Set("Cache-Control", "public, max-age=300")
		respond(w, http.StatusOK, set)
	}
	return err
}
