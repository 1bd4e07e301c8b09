package standin

import (
	"crypto/rand"
	_ "embed" // the page
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/text/language"
)

//go:embed page.html
var pageText string

var (
	page      = template.Must(template.New("page").Parse(pageText))
	languages = language.NewMatcher([]language.Tag{language.French, language.English})
)

// codeLife is how long a code is good for.
const codeLife = time.Minute

// grant is a code that was given out, and what it stands for.
type grant struct {
	client      string
	redirectURI string
	nonce       string
	challenge   string
	person      Person
	at          time.Time
}

// ask shows the page that asks who you are.
func (p *Provider) ask(w http.ResponseWriter, r *http.Request) {
	if !p.acceptable(w, r, r.URL.Query()) {
		return
	}
	tag, _ := language.MatchStrings(languages, r.Header.Get("Accept-Language"))
	base, _ := tag.Base()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	_ = page.Execute(w, map[string]any{ // the reader is gone: nothing left to tell
		"French": base.String() == "fr", "People": p.people,
		// The query was checked above. As plain text it would be escaped like the value of one parameter.
		"Action": template.URL("/authorize?" + r.URL.RawQuery),
	})
}

// answer takes the choice and sends the browser back with a code (OpenID Connect Core §3.1.2.5).
func (p *Provider) answer(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if !p.acceptable(w, r, q) {
		return
	}
	chosen := r.PostFormValue("person")
	i := slices.IndexFunc(p.people, func(who Person) bool { return who.Subject == chosen })
	if i < 0 {
		p.redirect(w, r, q, url.Values{"error": {"access_denied"}, "error_description": {"<b>nobody was chosen</b>"}})
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.grants[code] = grant{
		client: q.Get("client_id"), redirectURI: q.Get("redirect_uri"), nonce: q.Get("nonce"),
		challenge: q.Get("code_challenge"), person: p.people[i], at: p.now(),
	}
	p.mu.Unlock()
	p.redirect(w, r, q, url.Values{"code": {code}})
}

// acceptable checks a request before anybody is asked. Where the client or the redirect URI is wrong, nobody is sent
// anywhere (RFC 6749 §4.1.2.1); other faults are told to the client.
func (p *Provider) acceptable(w http.ResponseWriter, r *http.Request, q url.Values) bool {
	c, ok := p.client(q.Get("client_id"))
	if !ok || !slices.Contains(c.RedirectURIs, q.Get("redirect_uri")) {
		http.Error(w, "unknown client_id, or a redirect_uri that is not registered for it", http.StatusBadRequest)
		return false
	}
	switch {
	case q.Get("response_type") != "code":
		p.redirect(w, r, q, url.Values{"error": {"unsupported_response_type"}})
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		p.redirect(w, r, q, url.Values{"error": {"invalid_request"}, "error_description": {"PKCE with S256 is required"}})
	default:
		return true
	}
	return false
}

func (p *Provider) redirect(w http.ResponseWriter, r *http.Request, q, params url.Values) {
	params.Set("state", q.Get("state"))
	switch p.currentFault() {
	case FaultNoSender, FaultPlainAnswer:
	case FaultOtherSender:
		params.Set("iss", "https://other.example")
	default:
		params.Set("iss", p.issuer)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+params.Encode(), http.StatusSeeOther)
}
