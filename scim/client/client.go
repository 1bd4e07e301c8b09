package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MediaType is the media type of SCIM bodies (RFC 7644 §8.1).
const MediaType = "application/scim+json"

// Config is how to reach one service. BaseURL and Transport are required.
type Config struct {
	BaseURL string // without a trailing slash: https://api.example.com/scim/v2
	Token   string // bearer token; empty: no Authorization header
	// Secrets are further texts that no record of an exchange may show: parts of a credential that is more than a token.
	Secrets []string
	// Headers are sent with every request, after the client's own.
	Headers map[string]string
	// UserAgent names the program; some services refuse requests without one (GitHub, AWS).
	UserAgent string
	// AllowPlain allows http. It is meant for addresses inside the own network.
	AllowPlain bool
	Transport  http.RoundTripper
	// ErrorInside: the service answers a refusal with status 200 and says in the body which one it is (RFC 7644 §3.12: status).
	ErrorInside bool
	// Timeout bounds one exchange, the answer's body included; 0: 30 s.
	Timeout time.Duration
	// MaxBody bounds an answer's body; 0: 10 MiB.
	MaxBody int64
	// Before is asked before each exchange, outside its time-out; an error stops the call. Pacing goes here. Nil: none.
	Before func(context.Context) error
	// Record is told of every exchange; nil: nobody is.
	Record func(Exchange)
	// Now is the clock for durations, Retry-After dates and the record; nil: time.Now.
	Now func() time.Time
}

// Client speaks to one service. It is safe for concurrent use.
type Client struct {
	config  Config
	base    *url.URL
	http    *http.Client
	secrets *secrets
}

// New checks the configuration.
func New(c Config) (*Client, error) {
	base, err := parseBase(c.BaseURL, c.AllowPlain)
	switch {
	case err != nil:
		return nil, err
	case c.Transport == nil:
		return nil, errors.New("client: no transport")
	case strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("the app's token holds a blank or a character that a header cannot carry")
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	if c.MaxBody == 0 {
		c.MaxBody = 10 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Client{config: c, base: base, secrets: newSecrets(append([]string{c.Token}, c.Secrets...)...), http: &http.Client{
		Transport: c.Transport, Timeout: c.Timeout, CheckRedirect: checkRedirect,
	}}, nil
}

// parseBase reads a service's address. Errors repeat at most its host: people put secrets into all other parts.
func parseBase(address string, allowPlain bool) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(address, "/"))
	switch {
	case err != nil || base.Opaque != "":
		return nil, errors.New("address of the app: it cannot be read; want https://host/path")
	case base.User != nil || base.RawQuery != "" || base.ForceQuery || strings.Contains(address, "#"):
		return nil, fmt.Errorf("address of the app at %s: it may hold no user, query or fragment; "+
			"the token is given apart, so that it is kept sealed", base.Hostname())
	case base.Scheme != "https" && base.Scheme != "http" || base.Hostname() == "":
		return nil, errors.New("address of the app: want https://host/path")
	case base.Scheme == "http" && !allowPlain:
		return nil, fmt.Errorf("address of the app at %s: http would send the token in clear; use https", base.Hostname())
	}
	return base, nil
}

// Recording returns the same client telling another recorder.
func (c *Client) Recording(record func(Exchange)) *Client {
	other := *c
	other.config.Record = record
	return &other
}

// checkRedirect follows reads on the same host only: a redirect must neither take the token elsewhere nor turn a POST
// into a GET.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case first.Method != http.MethodGet:
		return &RedirectError{Location: next.URL.Redacted()}
	case next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme:
		return &RedirectError{Location: next.URL.Redacted()}
	case len(via) > 3:
		return &RedirectError{Location: next.URL.Redacted()}
	}
	return nil
}

// exchange sends one SCIM request and reads the whole answer. A status of 400 or more is an *Error; no answer, or one
// that breaks off, is an *Unanswered.
func (c *Client) exchange(ctx context.Context, method, path string, query url.Values, body any) ([]byte, error) {
	answer, err := c.do(ctx, Call{Method: method, Path: path, Query: query, Body: body}, MediaType)
	return answer.Body, err
}

// do sends a call whose body is of a media type.
func (c *Client) do(ctx context.Context, call Call, mediaType string) (Answer, error) {
	var sent []byte
	if call.Body != nil {
		var err error
		if sent, err = json.Marshal(call.Body); err != nil {
			return Answer{}, fmt.Errorf("encode the body of %s %s: %w", call.Method, call.Path, err)
		}
	}
	target := c.base.String() + call.Path
	if len(call.Query) > 0 {
		target += "?" + call.Query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, target, bytes.NewReader(sent))
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", call.Method, call.Path, err)
	}
	c.setHeaders(req, call, mediaType)
	if c.config.Before != nil {
		if err := c.config.Before(ctx); err != nil {
			return Answer{}, err
		}
	}
	began := c.config.Now()
	answer, err := c.roundTrip(req)
	if c.config.Record != nil {
		c.config.Record(c.excerpt(began, req, sent, answer, err))
	}
	return answer, err
}

func (c *Client) setHeaders(req *http.Request, call Call, mediaType string) {
	accept := "application/json"
	if mediaType == MediaType {
		accept = MediaType + ", application/json;q=0.9"
	}
	req.Header.Set("Accept", accept)
	if call.Body != nil {
		req.Header.Set("Content-Type", mediaType)
	}
	if c.config.UserAgent != "" {
		req.Header.Set("User-Agent", c.config.UserAgent)
	}
	if c.config.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.config.Token)
	}
	for _, more := range []map[string]string{c.config.Headers, call.Header} {
		for k, v := range more {
			req.Header.Set(k, v)
		}
	}
}

func (c *Client) roundTrip(req *http.Request) (Answer, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		var redirect *RedirectError
		if errors.As(err, &redirect) {
			return Answer{}, &RedirectError{Location: c.Words(redirect.Location)}
		}
		return Answer{}, &Unanswered{Method: req.Method, URL: req.URL.Redacted(), Cause: bare(err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.config.MaxBody+1))
	answer := Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
	switch {
	case err != nil:
		return answer, &Unanswered{Method: req.Method, URL: req.URL.Redacted(), Cause: bare(err)}
	case int64(len(body)) > c.config.MaxBody:
		answer.Body = body[:c.config.MaxBody]
		return answer, &BrokenAnswer{Method: req.Method, URL: req.URL.Redacted(),
			Status: resp.StatusCode, Detail: fmt.Sprintf("it is larger than %d bytes", c.config.MaxBody)}
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return answer, c.refusal(req, resp, body)
	}
	if status := c.errorInside(body); status > 0 {
		resp.StatusCode, answer.Status = status, status
		return answer, c.refusal(req, resp, body)
	}
	return answer, nil
}

// errorInside is the status of a refusal that came with status 200; 0: it is none. A resource may have an attribute of that
// name, so the schema of errors counts.
func (c *Client) errorInside(body []byte) int {
	if !c.config.ErrorInside {
		return 0
	}
	doc, err := parse(body)
	if err != nil {
		return 0
	}
	schemas, _ := doc.Get("schemas").([]any)
	status, err := strconv.Atoi(fmt.Sprint(doc.Get("status")))
	if err != nil || status < 400 || status > 599 || !slices.Contains(schemas, any(schemaError)) {
		return 0
	}
	return status
}

const schemaError = "urn:ietf:params:scim:api:messages:2.0:Error"

// bare takes off the *url.Error, whose text repeats method and address.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// isJSON says whether a Content-Type promises JSON. Services that answer without one get the benefit of the doubt.
func isJSON(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return contentType == "" || err == nil && (t == "application/json" || strings.HasSuffix(t, "+json"))
}
