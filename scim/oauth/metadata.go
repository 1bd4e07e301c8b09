package oauth

import "slices"

const (
	metadataPath = "/.well-known/oauth-authorization-server" // RFC 8414 §3
	resourcePath = "/.well-known/oauth-protected-resource"   // RFC 9728 §3.1, before the resource's own path
)

// Resource is a service that access tokens are for (RFC 9728).
type Resource struct {
	Path   string // under the public URL, such as /scim/v2
	Name   string
	Scopes []string
}

// ResourceMetadata is the address of what a resource says of itself, for its WWW-Authenticate header (RFC 9728 §5.1).
func ResourceMetadata(publicURL, path string) string { return publicURL + resourcePath + path }

// metadata says what this server can do (RFC 8414 §2; IPSIE wants it). response_types_supported is required and there is
// no authorization endpoint, so it is an empty list.
func (s *service) metadata() map[string]any {
	var algorithms []string
	for _, a := range signingAlgorithms() {
		algorithms = append(algorithms, string(a))
	}
	var resources []string
	for _, r := range s.Resources {
		resources = append(resources, s.PublicURL+r.Path)
	}
	return map[string]any{
		"issuer":                   s.PublicURL,
		"token_endpoint":           s.PublicURL + TokenPath,
		"grant_types_supported":    []string{grantType},
		"response_types_supported": []string{},
		"scopes_supported":         Scopes(),
		"token_endpoint_auth_methods_supported": []string{
			"client_secret_basic", "client_secret_post", "private_key_jwt",
		},
		"token_endpoint_auth_signing_alg_values_supported": algorithms,
		"protected_resources":                              resources,
	}
}

// resourceMetadata is RFC 9728 §2: who issues tokens for a resource, and how they are sent.
func (s *service) resourceMetadata(r Resource) map[string]any {
	return map[string]any{
		"resource":                 s.PublicURL + r.Path,
		"resource_name":            r.Name,
		"authorization_servers":    []string{s.PublicURL},
		"scopes_supported":         r.Scopes,
		"bearer_methods_supported": []string{"header"},
	}
}

// wholeMetadata is for clients that ask about the host and not about one of its resources.
func (s *service) wholeMetadata() map[string]any {
	all := Resource{Name: "Proprio"}
	for _, r := range s.Resources {
		all.Scopes = append(all.Scopes, r.Scopes...)
	}
	slices.Sort(all.Scopes)
	all.Scopes = slices.Compact(all.Scopes)
	return s.resourceMetadata(all)
}
