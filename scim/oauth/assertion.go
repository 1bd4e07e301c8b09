package oauth

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	clockSkew        = time.Minute      // between a signer's clock and ours
	longestOwn       = 10 * time.Minute // of an assertion that a client signs for the one request
	longestFederated = 24 * time.Hour   // of a token that a platform hands to its workloads, and they use many times
)

// claims are those of an assertion that matter here. They are read by their exact names, and a name that is there twice
// is refused: go-jose's JSON sees to both.
type claims struct {
	jwt.Claims
	Tenant string `json:"tid"`
}

// assertion is a JWT that is not verified yet.
type assertion struct {
	token  *jwt.JSONWebToken
	claims claims
}

// parseAssertion reads a JWS in compact form, signed with an algorithm that is allowed.
func parseAssertion(text string) (assertion, error) {
	token, err := jwt.ParseSigned(text, signingAlgorithms())
	if err != nil {
		return assertion{}, fmt.Errorf("not a JWT signed with an allowed algorithm: %w", err)
	}
	a := assertion{token: token}
	if err := token.UnsafeClaimsWithoutVerification(&a.claims); err != nil {
		return a, fmt.Errorf("the claims are not understood: %w", err)
	}
	return a, nil
}

// expectation is what a client's assertions must say (RFC 7523 §3).
type expectation struct {
	issuer, subject, tenant string
	audiences               []string
	types                   []string
	longest                 time.Duration
	once                    bool // each is for one request: it has a jti that was not used before
}

// expects tells what a client's assertions must say. Its own ones are for us alone: an audience beside us could use
// them as the client does.
func (s *service) expects(c Client) expectation {
	if c.Method == MethodFederated {
		return expectation{
			issuer: c.Issuer, subject: c.Subject, tenant: c.Tenant, audiences: []string{c.Audience},
			types: []string{"", "jwt", "at+jwt"}, longest: longestFederated,
		}
	}
	return expectation{
		issuer: c.ID, subject: c.ID, audiences: []string{s.PublicURL, s.PublicURL + TokenPath},
		types: []string{"", "jwt", "client-authentication+jwt"}, longest: longestOwn, once: true,
	}
}

// fault is a claim, or a header parameter, that is not as it must be. It is for the log.
type fault struct{ claim, got, want string }

func (f *fault) Error() string {
	return fmt.Sprintf("%s is %q, want %s", f.claim, clip(f.got), clip(f.want))
}

// check compares the claims. The signature is left to the keys.
func (e expectation) check(a assertion, now time.Time) error {
	c := a.claims
	typ, _ := a.token.Headers[0].ExtraHeaders["typ"].(string)
	typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	switch {
	case !slices.Contains(e.types, typ):
		return &fault{"typ", typ, "JWT"} // a token of another kind, signed by the same key (RFC 8725 §3.11)
	case c.Issuer != e.issuer:
		return &fault{"iss", c.Issuer, e.issuer + blank(c)}
	case c.Subject != e.subject:
		return &fault{"sub", c.Subject, e.subject}
	case len(c.Audience) == 0 || slices.ContainsFunc(c.Audience, func(one string) bool { return !slices.Contains(e.audiences, one) }):
		return &fault{"aud", strings.Join(c.Audience, " "), strings.Join(e.audiences, " or ") + " alone" + blank(c)}
	case e.tenant != "" && c.Tenant != e.tenant:
		return &fault{"tid", c.Tenant, e.tenant}
	case e.once && c.ID == "":
		return &fault{"jti", "", "an id that no other assertion has"}
	}
	return e.checkTimes(c, now)
}

func (e expectation) checkTimes(c claims, now time.Time) error {
	soon := now.Add(clockSkew)
	switch expires := c.Expiry.Time(); {
	case c.Expiry == nil:
		return &fault{"exp", "", "a time"}
	case !now.Before(expires.Add(clockSkew)):
		return &fault{"exp", utc(expires), "later than " + utc(now)}
	case expires.After(soon.Add(e.longest)):
		return &fault{"exp", utc(expires), "at most " + e.longest.String() + " after " + utc(now)}
	case c.NotBefore.Time().After(soon):
		return &fault{"nbf", utc(c.NotBefore.Time()), "no later than " + utc(now)}
	case c.IssuedAt.Time().After(soon):
		return &fault{"iat", utc(c.IssuedAt.Time()), "no later than " + utc(now)}
	}
	return nil
}

// blank explains the one token of Entra that looks right and names nobody.
func blank(c claims) string {
	if strings.HasPrefix(c.Issuer, "https://sts.windows.net/") || c.Audience.Contains(entraSharedAudience) {
		return " (this is the token that Entra signs where its token field was left blank; it is the same for every app)"
	}
	return ""
}

func utc(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// clip keeps what a client sent from filling the log.
func clip(s string) string {
	const longest = 200
	if len(s) > longest {
		return s[:longest] + "…"
	}
	return s
}
