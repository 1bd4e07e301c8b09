package oidc

import (
	"encoding/json"
	"fmt"
	"time"
)

// Word is what an issuer says of a fact: yes, no, or nothing.
type Word int

// The words.
const (
	Silent Word = iota
	Yes
	No
)

// Claims are the claims of a verified ID token that matter here (OpenID Connect Core §2, §5.1). Email and EmailVerified
// are the userinfo endpoint's where the token has no email.
type Claims struct {
	Issuer           string
	Subject          string
	Nonce            string
	AuthorizedParty  string // azp
	Audience         []string
	IssuedAt         time.Time
	NotBefore        time.Time
	AuthTime         time.Time
	SessionExpiry    time.Time // IPSIE SL1: when our session must end
	Methods          []string  // amr (RFC 8176)
	Email            string
	EmailVerified    Word
	HostedDomain     string // hd, Google
	Tenant           string // tid, Entra
	TenantEmailOwner Word   // xms_edov, Entra: the tenant owns the address's domain
	Guest            bool   // acct=1, Entra
}

// parseClaims reads claims by their exact names: encoding/json would take "Sub" for "sub", and some issuers let
// users choose the names of further claims. textBooleans takes "true" and "false" of email_verified for booleans.
func parseClaims(payload []byte, textBooleans bool) (Claims, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(payload, &raw); err != nil {
		return Claims{}, fmt.Errorf("ID token: %w", err)
	}
	r := claimReader{raw: raw}
	c := Claims{
		Issuer:           r.text("iss"),
		Subject:          r.text("sub"),
		Nonce:            r.text("nonce"),
		AuthorizedParty:  r.text("azp"),
		Audience:         r.texts("aud"),
		IssuedAt:         r.time("iat"),
		NotBefore:        r.time("nbf"),
		AuthTime:         r.time("auth_time"),
		SessionExpiry:    r.time("session_expiry"),
		Methods:          r.texts("amr"),
		Email:            r.text("email"),
		EmailVerified:    r.word("email_verified", textBooleans),
		HostedDomain:     r.text("hd"),
		Tenant:           r.text("tid"),
		TenantEmailOwner: r.word("xms_edov", true),
		Guest:            string(raw["acct"]) == "1",
	}
	if r.err != nil {
		return c, fmt.Errorf("ID token: %w", r.err)
	}
	return c, nil
}

// claimReader reads claims of one document and keeps the first fault.
type claimReader struct {
	raw map[string]json.RawMessage
	err error
}

func (r *claimReader) read(name string, into any) {
	value, ok := r.raw[name]
	if !ok || string(value) == "null" {
		return
	}
	if err := json.Unmarshal(value, into); err != nil && r.err == nil {
		r.err = fmt.Errorf("claim %s: %w", name, err)
	}
}

func (r *claimReader) text(name string) (s string) {
	r.read(name, &s)
	return s
}

// texts reads an array of strings, or one string (RFC 7519 §4.1.3).
func (r *claimReader) texts(name string) (s []string) {
	if value := r.raw[name]; len(value) > 0 && value[0] == '"' {
		return []string{r.text(name)}
	}
	r.read(name, &s)
	return s
}

// time reads a NumericDate (RFC 7519 §2): seconds, perhaps with a fraction.
func (r *claimReader) time(name string) time.Time {
	var seconds float64
	r.read(name, &seconds)
	if seconds <= 0 {
		return time.Time{}
	}
	if seconds > 1<<40 { // some 30,000 years: a mistake, such as milliseconds
		if r.err == nil {
			r.err = fmt.Errorf("claim %s: %g is not a time in seconds", name, seconds)
		}
		return time.Time{}
	}
	return time.UnixMilli(int64(seconds * 1000)).UTC()
}

// word reads a boolean. Text and numbers count only where the issuer is known to send them; anything else is No, so
// that a claim that is there and not understood never reads as if it were absent.
func (r *claimReader) word(name string, lenient bool) Word {
	value, ok := r.raw[name]
	if !ok || string(value) == "null" {
		return Silent
	}
	switch string(value) {
	case "true":
		return Yes
	case `"true"`, `"1"`, "1":
		if lenient {
			return Yes
		}
	}
	return No
}
