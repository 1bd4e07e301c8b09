package client

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Error is a refusal: the service answered with a status outside 2xx.
type Error struct {
	Method     string // empty: no call was made, because the service has none for it; Detail says so
	URL        string
	Status     int
	ScimType   string        // RFC 7644 §3.12; empty when the service told none
	Detail     string        // the service's words; empty when it told none
	RetryAfter time.Duration // how long the service asks to wait; 0: it did not say
	// SCIM is false when the body is no JSON object, such as a gateway's HTML page: then a 404 or 405 says nothing about the resource.
	SCIM bool
}

func (e *Error) Error() string {
	if e.Method == "" {
		return e.Detail
	}
	s := fmt.Sprintf("%s %s answered %d %s", e.Method, e.URL, e.Status, http.StatusText(e.Status))
	if e.ScimType != "" {
		s += " (" + e.ScimType + ")"
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Unanswered means that no whole answer came: the request may or may not have had its effect.
type Unanswered struct {
	Method string
	URL    string
	Cause  error
}

func (e *Unanswered) Error() string {
	return fmt.Sprintf("%s %s got no answer: %v", e.Method, e.URL, e.Cause)
}

// Unwrap gives the network's error.
func (e *Unanswered) Unwrap() error { return e.Cause }

// BrokenAnswer means that an answer came that is not what the protocol asks for. A write may have had its effect.
type BrokenAnswer struct {
	Method string
	URL    string
	Status int
	Detail string
}

func (e *BrokenAnswer) Error() string {
	return fmt.Sprintf("%s %s gave an answer that cannot be used: %s", e.Method, e.URL, e.Detail)
}

// IncompleteError means that a list could not be read to its end.
type IncompleteError struct {
	URL     string
	Read    int
	Total   int // as the service counts; -1: it does not tell
	Why     string
	Limited bool // a limit of the reader's own was reached, and nothing else is wrong
}

func (e *IncompleteError) Error() string {
	if e.Total < 0 {
		return fmt.Sprintf("%s: read %d resources, %s; an incomplete list is not used", e.URL, e.Read, e.Why)
	}
	return fmt.Sprintf("%s: read %d of %d resources, %s; an incomplete list is not used", e.URL, e.Read, e.Total, e.Why)
}

// RedirectError means that the service points elsewhere, which is not followed.
type RedirectError struct{ Location string }

func (e *RedirectError) Error() string {
	return fmt.Sprintf("the service redirects to %s, which is not followed; set the app's address to where it lives now", e.Location)
}

// refusal reads an error body (RFC 7644 §3.12), if there is one.
func (c *Client) refusal(req *http.Request, resp *http.Response, body []byte) *Error {
	e := &Error{Method: req.Method, URL: req.URL.Redacted(), Status: resp.StatusCode,
		RetryAfter: RetryAfter(resp.Header.Get("Retry-After"), c.config.Now())}
	doc, err := parse(body)
	if err != nil || !isJSON(resp.Header.Get("Content-Type")) {
		return e
	}
	e.SCIM = true
	e.ScimType, e.Detail = doc.Text("scimType"), doc.Text("detail")
	inner, _ := doc.Get("error").(map[string]any)
	for _, from := range []Document{doc, inner} {
		for _, key := range []string{"message", "error_description", "error_summary", "error_info", "error", "description"} {
			if e.Detail == "" {
				e.Detail = from.Text(key)
			}
		}
	}
	if list, ok := doc.Get("Errors").([]any); ok && len(list) > 0 && e.Detail == "" {
		// SCIM 1.1 shape, still sent by some services.
		if first, ok := list[0].(map[string]any); ok {
			e.Detail = Document(first).Text("description")
		}
	}
	e.ScimType, e.Detail = c.Words(e.ScimType), c.Words(e.Detail)
	return e
}

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// RetryAfter reads a Retry-After header, seconds or an HTTP date (RFC 9110 §10.2.3). What is absent, past or no such
// value is 0; the longest wait believed is a day.
func RetryAfter(header string, now time.Time) time.Duration {
	const longest = 24 * time.Hour
	header = strings.TrimSpace(header)
	if header == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(header, 64); err == nil {
		// Fractions and exponents are not in the standard, but services send "1.5".
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, longest.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longest)
}
