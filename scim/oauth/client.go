package oauth

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"proprio/resources"
)

// The scopes that a client can be given. IPSIE names the first, the CAEP interoperability profile the others.
const (
	ScopeSCIM         = "scim"       // the SCIM service
	ScopeEventsRead   = "ssf.read"   // read event streams
	ScopeEventsManage = "ssf.manage" // make, change and remove event streams
)

// Scopes lists every scope.
func Scopes() []string { return []string{ScopeSCIM, ScopeEventsRead, ScopeEventsManage} }

// Method is how a client shows who it is.
type Method string

// The methods.
const (
	MethodSecret    Method = "client_secret"   // RFC 6749 §2.3.1: HTTP Basic or form
	MethodKey       Method = "private_key_jwt" // RFC 7523 §2.2: it signs with a key of its own
	MethodFederated Method = "federated"       // RFC 7523 §3: another issuer vouches for it
)

// Client is an OAuth client of a connection: how one identity provider asks for access tokens.
type Client struct {
	ID         string // UUIDv7; the client_id
	Company    string
	Connection string
	Name       string // unique in the company
	Method     Method
	Scopes     []string
	Keys       string // MethodKey: a JWK Set (RFC 7517 §5), or else
	KeysURL    string // where it is. MethodFederated: empty, the issuer's discovery document says where
	Private    bool   // the keys may be on this machine or in a private network

	// What the assertions of a federated client say, each exactly.
	Issuer   string
	Audience string
	Subject  string
	Tenant   string // the claim tid; empty: not asked for

	Created  time.Time
	LastUsed time.Time // zero: not yet
	Secrets  []Secret  // MethodSecret: those in force, oldest first
}

// Normalize checks a client that is to be registered, and brings its parts into their one form.
func (c Client) Normalize() (Client, error) {
	c.Name = strings.TrimSpace(c.Name)
	if c.Name == "" {
		return c, invalid("name", "a client needs a name")
	}
	if len(c.Scopes) == 0 {
		c.Scopes = []string{ScopeSCIM}
	}
	slices.Sort(c.Scopes)
	c.Scopes = slices.Compact(c.Scopes)
	for _, scope := range c.Scopes {
		if !slices.Contains(Scopes(), scope) {
			return c, invalid("scope", "%q is not one of %s", scope, strings.Join(Scopes(), ", "))
		}
	}
	switch c.Method {
	case MethodSecret:
		return c, nil
	case MethodKey:
		return c.withKeys()
	case MethodFederated:
		return c, c.checkFederation()
	}
	return c, invalid("method", "%q is not one of %s, %s, %s", c.Method, MethodSecret, MethodKey, MethodFederated)
}

// withKeys wants one source of keys. A document is kept as it was understood.
func (c Client) withKeys() (Client, error) {
	if (c.Keys == "") == (c.KeysURL == "") {
		return c, invalid("keys", "give either a JWK Set or the address of one")
	}
	if c.Keys == "" {
		return c, c.checkURL("jwks-uri", c.KeysURL)
	}
	set, err := registeredKeys([]byte(c.Keys))
	if err != nil {
		return c, err
	}
	c.Keys, err = set.document()
	return c, err
}

func (c Client) checkFederation() error {
	if err := c.checkURL("issuer", c.Issuer); err != nil {
		return err
	}
	if c.KeysURL != "" {
		if err := c.checkURL("jwks-uri", c.KeysURL); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{"audience": c.Audience, "subject": c.Subject} {
		if value == "" || strings.TrimSpace(value) != value {
			return invalid(name, "%q: a federated client needs the exact %s of its assertions", value, name)
		}
	}
	return c.checkEntra()
}

// checkURL wants https, so that nobody on the way can put other keys in; http is for this machine only.
func (c Client) checkURL(name, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.RawQuery != "" && name == "issuer":
		return invalid(name, "%q is not an address such as https://login.example.com/tenant", address)
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && c.Private && isLoopback(u.Hostname()):
		return nil
	}
	return invalid(name, "%q must be https", address)
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func invalid(path, format string, args ...any) error {
	return resources.Errorf(resources.ErrInvalidValue, path, format, args...)
}
