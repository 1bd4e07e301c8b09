package client

import (
	"cmp"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// hidden stands where a secret was.
const hidden = "[hidden]"

// secretMember finds JSON members whose value must not be shown.
var secretMember = regexp.MustCompile(
	`(?i)("(?:[a-z_-]*(?:password|passwd|secret|token|api[_-]?key|private[_-]?key|provhash|assertion|authorization)[a-z_-]*)"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}\]\s]+)`)

// signedToken finds tokens that show what they are (RFC 7519), such as an assertion that was made for one request.
var signedToken = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}`)

// secretWords: without one of them in a text in lower case, secretMember finds nothing. It takes a ſ for an s.
var secretWords = []string{"password", "passwd", "secret", "token", "key", "provhash", "assertion", "authorization", "ſ"}

// hideMembers takes the values of members that hold secrets by their name out of a JSON text. Hardly any text has one, and
// that is seen ten times as fast as looked for.
func hideMembers(s string) string {
	folded := strings.ToLower(s)
	if !slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(folded, word) }) {
		return s
	}
	return secretMember.ReplaceAllString(s, `${1}"`+hidden+`"`)
}

// mostConcealed is how many secrets that come and go are known at once, the latest.
const mostConcealed = 32

// secrets are the texts that no record and no error may show: some services repeat them in what they answer.
type secrets struct {
	always []string // each in every form

	mu     sync.RWMutex
	latest [][]string // each in every form
}

func newSecrets(texts ...string) *secrets {
	s := &secrets{}
	for _, text := range texts {
		s.always = append(s.always, forms(text)...)
	}
	return s
}

// forms are the ways in which a service may write a secret, the longest first, so that none leaves a part of another.
func forms(secret string) []string {
	bare := strings.TrimSpace(secret)
	if bare == "" {
		return nil
	}
	found := []string{secret, bare, url.QueryEscape(bare), url.PathEscape(bare)}
	for _, text := range []string{secret, bare} {
		quoted, err := json.Marshal(text)
		if err != nil {
			continue
		}
		inside := string(quoted[1 : len(quoted)-1])
		plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(inside)
		found = append(found, inside, plain, strings.ReplaceAll(plain, "/", `\/`))
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(found)
}

func (s *secrets) conceal(secret string) {
	all := forms(secret)
	if all == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latest = slices.DeleteFunc(s.latest, func(one []string) bool { return one[0] == all[0] })
	s.latest = append(s.latest, all)
	if len(s.latest) > mostConcealed {
		s.latest = s.latest[1:]
	}
}

func (s *secrets) hide(text string) string {
	s.mu.RLock()
	latest := slices.Concat(s.latest...)
	s.mu.RUnlock()
	for _, secret := range append(latest, s.always...) {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	return signedToken.ReplaceAllString(text, hidden)
}

// Conceal adds texts that no record and no error may show from now on, such as an access token or a new password. The
// latest count, and all copies of the client know them.
func (c *Client) Conceal(texts ...string) {
	for _, text := range texts {
		c.secrets.conceal(text)
	}
}

// wordsSize bounds what an error repeats of a service's words.
const wordsSize = 500

// Words are a service's words as an error may repeat them: cut, and secrets hidden.
func (c *Client) Words(s string) string { return shorten(c.secrets.hide(s), wordsSize) }
