package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// Player sends sequences to one server.
type Player struct {
	BaseURL string // with base path, such as https://example.com/scim/v2
	Token   string // bearer token; empty: none is sent
	Client  *http.Client
	// Observe is told of every step after it was played; optional.
	Observe func(step Step, status int, err error)
}

// StepError says which step failed, and how.
type StepError struct {
	Sequence string
	Step     string
	Request  string // method and URL
	Expected string
	Got      string
	Body     string // of the answer, shortened
}

// Error gives all of it in a few lines.
func (e *StepError) Error() string {
	s := fmt.Sprintf("sequence %s, step %q (%s): expected %s, got %s", e.Sequence, e.Step, e.Request, e.Expected, e.Got)
	if e.Body != "" {
		s += "\n  answer: " + e.Body
	}
	return s
}

// Play sends the steps of a sequence in order and stops at the first that fails. given are variables; what the steps
// saved comes back with them. Every sequence also has ${baseUrl}, and ${guid}, a random UUID.
func (p *Player) Play(ctx context.Context, s *Sequence, given map[string]string) (map[string]string, error) {
	vars := Variables{"baseUrl": strings.TrimRight(p.BaseURL, "/"), "guid": uuid.NewString()}
	maps.Copy(vars, s.Variables)
	maps.Copy(vars, given)
	for name := range s.Variables {
		if vars[name] == "" {
			return nil, fmt.Errorf("sequence %s: the variable %s has no value", s.Name, name)
		}
	}
	for _, step := range s.Steps {
		status, err := p.play(ctx, s, step, vars)
		if p.Observe != nil {
			p.Observe(step, status, err)
		}
		if err != nil {
			return vars, err
		}
	}
	return vars, nil
}

func (p *Player) play(ctx context.Context, s *Sequence, step Step, vars Variables) (int, error) {
	fail := &StepError{Sequence: s.Name, Step: step.Name}
	req, err := p.request(ctx, step.Request, vars)
	if err != nil {
		return 0, fmt.Errorf("sequence %s, step %q: %w", s.Name, step.Name, err)
	}
	fail.Request = req.Method + " " + req.URL.String()
	client := p.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("sequence %s, step %q: %w", s.Name, step.Name, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, fmt.Errorf("sequence %s, step %q: read answer: %w", s.Name, step.Name, err)
	}
	fail.Body = shorten(string(body))
	if err := p.check(step, resp, body, vars, fail); err != nil {
		return resp.StatusCode, err
	}
	return resp.StatusCode, nil
}

// request makes a step's HTTP request.
func (p *Player) request(ctx context.Context, r Request, vars Variables) (*http.Request, error) {
	path, err := vars.expand(r.Path)
	if err != nil {
		return nil, err
	}
	target := strings.TrimRight(p.BaseURL, "/") + path
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	for _, name := range slices.Sorted(maps.Keys(r.Query)) {
		value, err := vars.expand(r.Query[name])
		if err != nil {
			return nil, err
		}
		target += separator + url.QueryEscape(name) + "=" + strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
		separator = "&"
	}
	body, err := encodeBody(r.Body, vars)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/scim+json")
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	if p.Token != "" {
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	for name, value := range r.Headers {
		if value, err = vars.expand(value); err != nil {
			return nil, err
		}
		req.Header.Set(name, value)
	}
	return req, nil
}

func encodeBody(body any, vars Variables) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	expanded, err := vars.expandValue(body)
	if err != nil {
		return nil, err
	}
	if text, ok := expanded.(string); ok {
		return []byte(text), nil
	}
	return json.Marshal(expanded)
}

func shorten(s string) string {
	const most = 2000
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
