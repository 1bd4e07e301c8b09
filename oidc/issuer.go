package oidc

import (
	"context"
	"net"
	"net/url"
	"time"
)

// Trust says which claim of an issuer proves that a person is the company's (clients.md 9.1).
type Trust string

// The trusts. In each of them email_verified=false refuses, and the address must be in a verified domain.
const (
	// TrustEmailVerified wants email_verified=true. The default.
	TrustEmailVerified Trust = "email_verified"
	// TrustGoogle wants the claim hd to be a verified domain, and email_verified=true: a consumer Google account may
	// carry a company address, but has no hd.
	TrustGoogle Trust = "google-hd"
	// TrustEntra wants tid to be the company's tenant and, to bind, xms_edov: Entra's email alone proves nothing.
	TrustEntra Trust = "entra-tid"
	// TrustOwner is for an issuer that the company runs itself, and whose word on addresses it accepts.
	TrustOwner Trust = "owns-domains"
)

// Issuer is an OpenID provider of one company. (Company, URL) is unique.
type Issuer struct {
	ID       string // UUIDv7; part of the redirect URI, so that an answer cannot be passed on to another issuer
	Company  string
	Name     string // what the sign-in page shows; the host of URL when empty
	URL      string // exactly as its discovery document and its tokens say
	ClientID string
	Secret   string // client secret, sealed at rest; empty for a public client
	Trust    Trust
	Tenant   string // TrustEntra: the tenant's id
	// TextBooleans takes email_verified="true" for true, which some providers send.
	TextBooleans bool
	// Private allows the issuer to be on this machine or in a private network. Otherwise no call goes there.
	Private bool
	// MaxAge is how long ago a person may have signed in at the issuer; 0: no limit. A token without auth_time is then refused.
	MaxAge time.Duration
	// Methods: one of them must be in the claim amr (RFC 8176), such as "mfa"; empty: any.
	Methods  []string
	Disabled bool
	Created  time.Time
}

// Issuers keeps the OpenID providers of every company.
type Issuers interface {
	// PutIssuer adds an issuer, or updates the one with its (Company, URL), which keeps its ID and Created; it returns
	// the issuer as stored. Disabling one ends its sessions.
	PutIssuer(ctx context.Context, by Actor, i Issuer) (Issuer, error)
	// Issuer returns one by id, or ErrNotFound. The id alone finds it: nobody is signed in yet. It is disabled while its
	// company is out of force.
	Issuer(ctx context.Context, id string) (Issuer, error)
	// SwitchIssuer disables or enables one. Disabling it ends its sessions.
	SwitchIssuer(ctx context.Context, by Actor, company, id string, disabled bool) error
	// Issuers returns a company's, by name, without their secrets: a list has no use for them.
	Issuers(ctx context.Context, company string) ([]Issuer, error)
}

// Normalize fills the defaults and returns ErrInvalid, naming the field, for an issuer that cannot work.
func (i Issuer) Normalize() (Issuer, error) {
	u, err := url.Parse(i.URL)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return i, invalid("issuer URL", "%q is not an issuer: it has a scheme, a host and perhaps a path, nothing else", i.URL)
	}
	if err := i.checkURL(u); err != nil {
		return i, err
	}
	if i.Trust == "" {
		i.Trust = TrustEmailVerified
	}
	if i.Name == "" {
		i.Name = u.Host
	}
	if i.ClientID == "" {
		return i, invalid("client id", "it is empty; the provider shows it where the application was registered")
	}
	if i.MaxAge < 0 {
		return i, invalid("max age", "%s is negative", i.MaxAge)
	}
	return i, i.checkTrust(u)
}

// checkURL holds every URL of the issuer, discovered ones included, to https; plain http only ever on this machine.
func (i Issuer) checkURL(u *url.URL) error {
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && i.Private && isLoopbackHost(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return invalid("issuer URL", "%q must be https (http is only for this machine, with private addresses allowed)", u.Redacted())
	}
	return invalid("issuer URL", "%q must be https", u.Redacted())
}

// The hosts of issuers whose email_verified alone proves nothing.
const (
	entraHost  = "login.microsoftonline.com"
	googleHost = "accounts.google.com"
)

func (i Issuer) checkTrust(u *url.URL) error {
	switch i.Trust {
	case TrustEmailVerified:
		switch u.Host {
		case entraHost:
			return invalid("trust", "Entra never says %s; use %s with the tenant's id", i.Trust, TrustEntra)
		case googleHost:
			return invalid("trust", "anybody's Google account may carry a company address; use %s", TrustGoogle)
		}
		return nil
	case TrustOwner, TrustGoogle:
		return nil
	case TrustEntra:
		if i.Tenant == "" {
			return invalid("tenant", "trust %s needs the tenant's id", i.Trust)
		}
		if u.Host == entraHost && u.Path != "/"+i.Tenant+"/v2.0" {
			return invalid("issuer URL", "%q is not the tenant's; use https://%s/%s/v2.0", i.URL, entraHost, i.Tenant)
		}
		return nil
	}
	return invalid("trust", "%q is not one of %s, %s, %s, %s", i.Trust, TrustEmailVerified, TrustGoogle, TrustEntra, TrustOwner)
}

func isLoopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
