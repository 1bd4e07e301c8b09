package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"proprio/resources"
)

// decodeObject decodes a body that is one JSON object, numbers as json.Number. Beyond what encoding/json refuses, it
// refuses nesting over a limit, a key given twice (Q07: two readers of such a body would see two different users), NUL
// characters, which no database here can keep, and bytes that are not UTF-8.
func decodeObject(body []byte, depth int) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "", "The body is empty; a JSON object is expected.")
	}
	if !utf8.Valid(body) {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "", "The body is not UTF-8.")
	}
	d := &decoder{json.NewDecoder(bytes.NewReader(body)), depth}
	d.json.UseNumber()
	value, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "", "The body goes on after the JSON object, at byte %d.", d.json.InputOffset())
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "", "The body is JSON, but not an object.")
	}
	return object, nil
}

type decoder struct {
	json  *json.Decoder
	depth int
}

func (d *decoder) value(depth int) (any, error) {
	if depth > d.depth {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "", "The body nests objects and arrays more than %d deep.", d.depth)
	}
	token, err := d.token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return d.object(depth)
		}
		return d.array(depth)
	case string:
		if strings.ContainsRune(t, 0) {
			return nil, resources.Errorf(resources.ErrInvalidValue, "", "The text holds a NUL character.")
		}
	}
	return token, nil
}

func (d *decoder) object(depth int) (any, error) {
	object := map[string]any{}
	for d.json.More() {
		token, err := d.token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok || strings.ContainsRune(key, 0) {
			return nil, resources.Errorf(resources.ErrInvalidSyntax, "", "The body has a key that is not a plain text, at byte %d.", d.json.InputOffset())
		}
		if _, twice := object[key]; twice {
			return nil, resources.Errorf(resources.ErrInvalidSyntax, clip(key), "The key is given twice in one object.")
		}
		value, err := d.value(depth + 1)
		if err != nil {
			return nil, under(key, err)
		}
		object[key] = value
	}
	_, err := d.token()
	return object, err
}

func (d *decoder) array(depth int) (any, error) {
	array := []any{}
	for d.json.More() {
		value, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := d.token()
	return array, err
}

func (d *decoder) token() (json.Token, error) {
	token, err := d.json.Token()
	if err == nil {
		return token, nil
	}
	detail := "The body is not JSON: it ends too early."
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		detail = "The body is not JSON: " + syntax.Error()
	}
	e := resources.Errorf(resources.ErrInvalidSyntax, "", "%s (near byte %d).", strings.TrimSuffix(detail, "."), d.json.InputOffset())
	e.Cause = err
	return nil, e
}

// under puts the key in which an invalid value stands before the path of the error.
func under(key string, err error) error {
	var e *resources.Error
	if !errors.As(err, &e) || !errors.Is(e.Kind, resources.ErrInvalidValue) {
		return err
	}
	path := clip(key)
	if e.Path != "" {
		path += "." + e.Path
	}
	return &resources.Error{Kind: e.Kind, Path: path, Detail: e.Detail, Cause: e.Cause}
}
