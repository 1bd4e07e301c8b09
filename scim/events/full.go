package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"proprio/resources"
)

// Documents renders resources as a SCIM response shows them.
type Documents interface {
	// Document returns a resource as the caller would get it, and its version. ErrNotFound when there is none, ErrTooLarge
	// when it is a Group of too many members to be sent around.
	Document(ctx context.Context, c resources.Caller, typ, id string) (json.RawMessage, int64, error)
}

// document is a resource as it is now.
type document struct {
	body    json.RawMessage
	version int64 // 0: it cannot be had
}

func (p *Publisher) document(ctx context.Context, s Stream, typ, id string) (document, error) {
	body, version, err := p.Documents.Document(ctx, resources.Caller{Company: s.Company, Connection: s.Connection}, typ, id)
	if errors.Is(err, resources.ErrNotFound) || errors.Is(err, resources.ErrTooLarge) {
		return document{}, nil
	}
	return document{body, version}, err
}

// form picks the form of a provisioning event: full, where the stream asks for it and the resource still is what the
// change made of it; else notice. To who asks for nothing but full, the resource is sent as it is now, with the version
// that it has now: a later change is told of again. event is empty when neither can be had.
func (s Stream) form(k kind, version int64, doc document) (event string, full bool) {
	switch {
	case s.wants(k.full) && doc.version == version:
		return k.full, true
	case s.wants(k.notice):
		return k.notice, false
	case s.wants(k.full) && doc.version > 0:
		return k.full, true
	}
	return "", false
}

// data is what a full event carries: for a patch the operations that lead to what the attributes are now, for the others
// the resource (RFC 9967 §2.4).
func data(k kind, paths []string, doc document) (json.RawMessage, error) {
	if k != patched {
		return doc.body, nil
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(doc.body, &whole); err != nil {
		return nil, fmt.Errorf("resource of an event: %w", err)
	}
	type operation struct {
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value,omitempty"`
	}
	var ops []operation
	for _, path := range paths {
		value, err := valueAt(whole, path)
		switch {
		case err != nil:
			return nil, err
		case value == nil:
			ops = append(ops, operation{Op: "remove", Path: path})
		default:
			ops = append(ops, operation{Op: "replace", Path: path, Value: value})
		}
	}
	return object(map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": ops})
}

// valueAt is an attribute's value, or a sub-attribute's; those of an extension are in the object that its schema names.
func valueAt(whole map[string]json.RawMessage, path string) (json.RawMessage, error) {
	names := strings.Split(path, ".")
	if at := strings.LastIndex(path, ":"); at >= 0 {
		names = append([]string{path[:at]}, strings.Split(path[at+1:], ".")...)
	}
	for _, name := range names[:len(names)-1] {
		inner := whole[name]
		whole = nil
		if inner == nil {
			return nil, nil
		}
		if err := json.Unmarshal(inner, &whole); err != nil {
			return nil, fmt.Errorf("%s of an event's resource: %w", name, err)
		}
	}
	return whole[names[len(names)-1]], nil
}
