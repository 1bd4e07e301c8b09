package client

import (
	"context"
	"net/http"
	"net/url"
)

// Call is one request of an interface that is not SCIM.
type Call struct {
	Method string
	Path   string // after the base address, with a leading slash; empty: the base address itself
	Query  url.Values
	Header map[string]string // sent after the client's own headers
	Body   any               // sent as JSON; nil: none
}

// Answer is what came, as it came.
type Answer struct {
	Status int // 0: nothing came
	Header http.Header
	Body   []byte
}

// Document reads the answer's body as one JSON object.
func (a Answer) Document() (Document, error) { return parse(a.Body) }

// Do sends a call as JSON, with the guard, the limits and the record that SCIM calls have, and the same errors. With an
// error the answer is what came of it.
func (c *Client) Do(ctx context.Context, call Call) (Answer, error) {
	return c.do(ctx, call, "application/json")
}
