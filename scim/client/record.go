package client

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Exchange is one request and its answer as people may see it: no headers, bodies cut, secrets hidden.
type Exchange struct {
	At       time.Time
	Method   string
	URL      string
	Status   int // 0: no answer
	Request  []byte
	Response []byte
	Duration time.Duration
	Err      error // nil: a 2xx came whole
}

// excerptSize bounds each recorded body.
const excerptSize = 4 << 10

// hidden stands where a secret was.
const hidden = "[hidden]"

// secretMember finds JSON members whose value must not be shown.
var secretMember = regexp.MustCompile(
	`(?i)("(?:[a-z_-]*(?:password|passwd|secret|token|api[_-]?key|authorization)[a-z_-]*)"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}\]\s]+)`)

func (c *Client) excerpt(began time.Time, req *http.Request, sent []byte, answer Answer, err error) Exchange {
	return Exchange{
		At: began, Method: req.Method, URL: c.hide(req.URL.Redacted()), Status: answer.Status,
		Request: []byte(c.bodyExcerpt(sent)), Response: []byte(c.bodyExcerpt(answer.Body)),
		Duration: c.config.Now().Sub(began), Err: err,
	}
}

// bodyExcerpt hides before it cuts, so that a cut cannot save a secret from being recognised.
func (c *Client) bodyExcerpt(body []byte) string {
	const enough = 16 * excerptSize // a secret further in is cut off anyway
	if len(body) > enough {
		body = body[:enough]
	}
	s := secretMember.ReplaceAllString(c.hide(string(body)), `${1}"`+hidden+`"`)
	return shorten(strings.ToValidUTF8(s, "?"), excerptSize)
}

// hide takes the client's own token and secrets out of a text: some services repeat them in their errors.
func (c *Client) hide(s string) string {
	for _, secret := range append([]string{c.config.Token}, c.config.Secrets...) {
		if secret != "" {
			s = strings.ReplaceAll(s, secret, hidden)
		}
	}
	return s
}
