package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	mediaType    = "application/scim+json"
	maxResponse  = 8 << 20 // bytes of a response that are read
	shownBody    = 700     // bytes of a body that a report shows
	patience     = 4       // times that a 429 is waited out
	longestPause = 10 * time.Second
)

// transport speaks HTTP with one server: it bounds time and size, follows no redirect, and keeps the token out of all
// that is reported.
type transport struct {
	base    *url.URL
	token   string
	second  string // token of another tenant, or empty
	client  *http.Client
	secrets *strings.Replacer
	sent    int
}

func newTransport(o Options) (*transport, error) {
	base, err := url.Parse(strings.TrimRight(strings.TrimSpace(o.URL), "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the base address of a SCIM server, such as https://id.example.com/scim/v2", o.URL)
	}
	if base.User != nil || base.Fragment != "" {
		return nil, errors.New("the address must not hold a user, a password or a fragment")
	}
	t := &transport{base: base, token: o.Token, second: o.SecondToken}
	var hidden []string
	for _, secret := range []string{o.Token, o.SecondToken} {
		if secret != "" {
			quoted, _ := json.Marshal(secret)
			hidden = append(hidden, string(quoted[1:len(quoted)-1]), "[token]", secret, "[token]", url.QueryEscape(secret), "[token]")
		}
	}
	t.secrets = strings.NewReplacer(hidden...)
	round := o.Transport
	if round == nil {
		round = http.DefaultTransport.(*http.Transport).Clone()
	}
	t.client = &http.Client{
		Transport: round, Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return t, nil
}

// request is one request as a check words it.
type request struct {
	method  string
	path    string // under the base address, with the query; or a whole address on the same host
	body    []byte
	headers map[string]string // "" drops the header
}

// answer is what came back.
type answer struct {
	p      *probe
	status int
	header http.Header
	body   []byte
	value  any   // the body as JSON; nil when it is none
	err    error // there was no answer
	Exchange
}

// roundTrip sends a request, again when the server asks for patience.
func (t *transport) roundTrip(ctx context.Context, r request) answer {
	for try := 1; ; try++ {
		a := t.once(ctx, r)
		if try == 1 && dropped(a.err) {
			a = t.once(ctx, r)
		}
		if a.status != http.StatusTooManyRequests || try == patience {
			return a
		}
		seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
		if err != nil || seconds < 1 {
			seconds = 1
		}
		timer := time.NewTimer(min(time.Duration(seconds)*time.Second, longestPause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return a
		}
	}
}

// dropped says whether the server closed a connection that was kept open, as some do after refusing a large body. That
// says nothing of the request that went out over it next.
func dropped(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF)
}

func (t *transport) once(ctx context.Context, r request) answer {
	t.sent++
	a := answer{Exchange: Exchange{Method: r.method, Path: t.hide(r.path), Request: t.hide(clip(string(r.body)))}}
	fail := func(err error) answer {
		a.err, a.Exchange.Error = err, t.hide(err.Error())
		return a
	}
	address, err := t.address(r.path)
	if err != nil {
		return fail(err)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return fail(err)
	}
	t.headers(req, r, &a)
	resp, err := t.client.Do(req)
	if err != nil {
		return fail(err)
	}
	defer resp.Body.Close()
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return fail(err)
	}
	if len(a.body) > maxResponse {
		return fail(fmt.Errorf("the response has more than %d bytes", maxResponse))
	}
	a.status, a.header, a.Exchange.Status = resp.StatusCode, resp.Header, resp.StatusCode
	a.Exchange.Response = t.hide(clip(string(a.body)))
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	if decoder.Decode(&a.value) != nil || decoder.More() {
		a.value = nil
	}
	return a
}

// headers sets what every request carries, then what this one asks for. The report names the latter.
func (t *transport) headers(req *http.Request, r request, a *answer) {
	req.Header.Set("Authorization", "Bearer "+t.token)
	req.Header.Set("Accept", mediaType)
	req.Header.Set("User-Agent", "proprio-conformance/1")
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", mediaType)
	}
	var shown []string
	for _, name := range sortedKeys(r.headers) {
		value := r.headers[name]
		req.Header.Set(name, value)
		if value == "" {
			req.Header[http.CanonicalHeaderKey(name)] = nil // none at all, not even net/http's own
			if name != "User-Agent" {
				req.Header.Del(name)
			}
		}
		shown = append(shown, name+": "+t.hide(value))
	}
	a.Exchange.Headers = strings.Join(shown, "; ")
}

// address is where a path leads: under the base address, whose query stays, or elsewhere on the same host.
func (t *transport) address(path string) (string, error) {
	if strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://") {
		u, err := url.Parse(path)
		if err != nil {
			return "", fmt.Errorf("the server's address %q is none: %w", path, err)
		}
		if u.Host != t.base.Host || u.Scheme != t.base.Scheme {
			return "", fmt.Errorf("%q is on another host than the server; the suite does not go there", path)
		}
		return path, nil
	}
	base := *t.base
	own := base.RawQuery
	base.RawQuery = ""
	path, query, _ := strings.Cut(path, "?")
	if own != "" && query != "" {
		query = own + "&" + query
	} else {
		query += own
	}
	if query != "" {
		query = "?" + query
	}
	return base.String() + path + query, nil
}

// hide replaces tokens.
func (t *transport) hide(text string) string { return t.secrets.Replace(text) }

func clip(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= shownBody {
		return s
	}
	return strings.ToValidUTF8(s[:shownBody], "") + "…"
}
