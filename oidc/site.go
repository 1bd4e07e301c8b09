package oidc

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// CallbackPattern is where issuers send the browser back to: one address for each issuer, so that the answer of one
// cannot be passed on as another's.
const CallbackPattern = "/sign-in/{issuer}/callback"

// Site is where users reach this server, and what follows from it for cookies and addresses.
type Site struct {
	base   string
	secure bool
}

// NewSite takes the public URL, without a path. It must be https; http is accepted on this machine only, and then
// cookies are neither Secure nor __Host-, which browsers tie to https.
func NewSite(publicURL string) (Site, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return Site{}, invalid("public URL", "%q must be like https://proprio.example.com: scheme and host, no path", publicURL)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopbackHost(u.Hostname())) {
		return Site{}, invalid("public URL", "%q must be https: sessions would travel in the clear (http is only for this machine)", publicURL)
	}
	return Site{base: u.Scheme + "://" + u.Host, secure: u.Scheme == "https"}, nil
}

// CallbackPath is CallbackPattern for one issuer. Behind the public URL it is the redirect URI to register there.
func CallbackPath(issuer string) string {
	return strings.Replace(CallbackPattern, "{issuer}", url.PathEscape(issuer), 1)
}

func (s Site) callback(issuer string) string { return s.base + CallbackPath(issuer) }

// The cookies, each one random secret of which only the hash is stored.
const (
	sessionCookie = "proprio"         // a session
	attemptCookie = "proprio-sign-in" // the browser that started sign-ins
)

func (s Site) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

// setCookie gives the browser a secret. SameSite is Lax: Strict would keep the cookie back on the issuer's redirect.
// life 0 is until the browser closes; negative removes.
func (s Site) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: int(life.Seconds()),
		Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// cookie returns a secret that this server made. ok is false when it is missing, of another form, or there twice, as
// when somebody else managed to set one beside ours.
func (s Site) cookie(r *http.Request, name string) (secret string, ok bool) {
	found := r.CookiesNamed(s.cookieName(name))
	if len(found) != 1 || len(found[0].Value) != secretLength {
		return "", false
	}
	return found[0].Value, true
}

// safeReturn keeps a return address inside this site (clients.md 9.2, rule 10): a path with one leading slash, without
// backslash or control character. Anything else becomes the home page.
func safeReturn(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.IsAbs() || u.Host != "" || len(address) > 2000 ||
		!strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") ||
		strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return "/"
	}
	return address
}
