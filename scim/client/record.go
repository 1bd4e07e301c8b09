package client

import (
	"net/http"
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

func (c *Client) excerpt(began time.Time, req *http.Request, sent []byte, answer Answer, err error) Exchange {
	return Exchange{
		At: began, Method: req.Method, URL: c.secrets.hide(req.URL.Redacted()), Status: answer.Status,
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
	return shorten(strings.ToValidUTF8(hideMembers(c.secrets.hide(string(body))), "?"), excerptSize)
}
