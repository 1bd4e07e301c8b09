package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// Operation is one PATCH operation (RFC 7644 §3.5.2).
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path,omitempty"`
	Value any    `json:"value,omitempty"`
}

const schemaPatch = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// Create adds a resource at an endpoint such as "/Users" (RFC 7644 §3.3). The answer is checked to name an id.
func (c *Client) Create(ctx context.Context, endpoint string, resource any) (Document, error) {
	body, err := c.exchange(ctx, http.MethodPost, endpoint, nil, resource)
	if err != nil {
		return nil, err
	}
	doc, err := c.decode(http.MethodPost, endpoint, body)
	if err != nil {
		return nil, err
	}
	return doc, named(doc, http.MethodPost, c.base.String()+endpoint)
}

// resourcePath is the path of one resource. An id is one segment of it, whatever it holds; the ids that no escaping
// makes one, because every reader takes them for steps along the path (RFC 3986 §5.2.4), are refused.
func resourcePath(endpoint, id string) (string, error) {
	if id == "" || id == "." || id == ".." {
		return "", fmt.Errorf("client: %q cannot be the id of a resource at %s", id, endpoint)
	}
	return endpoint + "/" + url.PathEscape(id), nil
}

// Get reads one resource (RFC 7644 §3.4.1).
func (c *Client) Get(ctx context.Context, endpoint, id string) (Document, error) {
	path, err := resourcePath(endpoint, id)
	if err != nil {
		return nil, err
	}
	body, err := c.exchange(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return nil, err
	}
	doc, err := c.decode(http.MethodGet, path, body)
	if err != nil {
		return nil, err
	}
	return doc, named(doc, http.MethodGet, c.base.String()+path)
}

// named says whether an answer is a resource: each has an id.
func named(doc Document, method, url string) error {
	if doc.ID() == "" {
		return &BrokenAnswer{Method: method, URL: url, Detail: "it names no id"}
	}
	return nil
}

// Replace puts a whole resource in place (RFC 7644 §3.5.1). The document is nil when the service answers without one.
func (c *Client) Replace(ctx context.Context, endpoint, id string, resource any) (Document, error) {
	return c.write(ctx, http.MethodPut, endpoint, id, resource)
}

// Patch applies operations (RFC 7644 §3.5.2). The document is nil when the service answers without one, as with 204.
func (c *Client) Patch(ctx context.Context, endpoint, id string, ops []Operation) (Document, error) {
	return c.write(ctx, http.MethodPatch, endpoint, id, map[string]any{
		"schemas": []string{schemaPatch}, "Operations": ops,
	})
}

// Delete removes a resource (RFC 7644 §3.6).
func (c *Client) Delete(ctx context.Context, endpoint, id string) error {
	path, err := resourcePath(endpoint, id)
	if err != nil {
		return err
	}
	_, err = c.exchange(ctx, http.MethodDelete, path, nil, nil)
	return err
}

// write sends a change of which only the success matters: many services answer 204, an empty 200, or a page for people.
func (c *Client) write(ctx context.Context, method, endpoint, id string, payload any) (Document, error) {
	path, err := resourcePath(endpoint, id)
	if err != nil {
		return nil, err
	}
	body, err := c.exchange(ctx, method, path, nil, payload)
	if err != nil {
		return nil, err
	}
	doc, err := c.decode(method, path, body)
	if err != nil {
		return nil, nil
	}
	return doc, nil
}
