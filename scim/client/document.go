package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Document is a decoded answer: map[string]any, []any, string, bool, json.Number and nil as values.
type Document map[string]any

// Get returns an attribute by name, in any letter case (RFC 7643 §2.1); nil when it is not there.
func (d Document) Get(name string) any {
	if v, ok := d[name]; ok {
		return v
	}
	for k, v := range d {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

// Text returns an attribute that is a string; "" otherwise.
func (d Document) Text(name string) string {
	s, _ := d.Get(name).(string)
	return s
}

// ID returns the resource's id. Some services send a number.
func (d Document) ID() string {
	switch id := d.Get("id").(type) {
	case string:
		return id
	case json.Number:
		return id.String()
	}
	return ""
}

// Flag returns a boolean attribute; absent says what to assume when it is not there. Some services send it as text.
func (d Document) Flag(name string, absent bool) bool {
	switch v := d.Get(name).(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true")
	}
	return absent
}

// Values returns the values of a multi-valued attribute as documents: {"value": x} for a plain one.
func (d Document) Values(name string) []Document {
	list, ok := d.Get(name).([]any)
	if !ok && d.Get(name) != nil {
		list = []any{d.Get(name)}
	}
	out := make([]Document, 0, len(list))
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		} else {
			out = append(out, Document{"value": v})
		}
	}
	return out
}

// decode reads an answer's body as one JSON object.
func (c *Client) decode(method, path string, body []byte) (Document, error) {
	doc, err := parse(body)
	if err != nil {
		return nil, &BrokenAnswer{Method: method, URL: c.base.String() + path, Detail: err.Error()}
	}
	return doc, nil
}

func parse(body []byte) (Document, error) {
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	decoder.UseNumber()
	var doc map[string]any
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("it is no JSON object (%w)", err)
	}
	if doc == nil {
		return nil, fmt.Errorf("it is null, not a JSON object")
	}
	return doc, nil
}
