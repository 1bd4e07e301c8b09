package resources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep objects and arrays may nest. SCIM needs four levels (RFC 7643 §2.3.8); the rest is room.
const maxDepth = 32

// DecodeObject decodes a request's JSON object; numbers stay [json.Number]. It refuses what could be read in two ways or
// not be kept: bytes after the object, an object that names a key twice (Q07), nesting deeper than 32 levels, text that
// is not UTF-8, and the character U+0000, which Postgres cannot store. The error is ErrInvalidSyntax and names the place.
func DecodeObject(data []byte) (Input, error) {
	if !utf8.Valid(data) {
		return nil, Errorf(ErrInvalidSyntax, "", "The body is not valid UTF-8.")
	}
	d := decoder{json: json.NewDecoder(bytes.NewReader(data))}
	d.json.UseNumber()
	v, err := d.value("", 0)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, Errorf(ErrInvalidSyntax, "", "The body must be a JSON object, not %s.", describe(v))
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return nil, Errorf(ErrInvalidSyntax, "", "There is more after the end of the JSON object, at byte %d.", d.json.InputOffset())
	}
	return object, nil
}

type decoder struct{ json *json.Decoder }

// value reads the next value, which stands at path.
func (d *decoder) value(path string, depth int) (any, error) {
	t, err := d.json.Token()
	if err != nil {
		return nil, d.fault(path, err)
	}
	switch t := t.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, Errorf(ErrInvalidSyntax, path, "The JSON nests deeper than %d levels.", maxDepth)
		}
		if t == '{' {
			return d.object(path, depth)
		}
		return d.array(path, depth)
	case string:
		return t, checkText(path, t)
	}
	return t, nil
}

func (d *decoder) object(path string, depth int) (any, error) {
	object := map[string]any{}
	for d.json.More() {
		t, err := d.json.Token()
		if err != nil {
			return nil, d.fault(path, err)
		}
		key, ok := t.(string)
		if !ok {
			return nil, Errorf(ErrInvalidSyntax, path, "The JSON is malformed at byte %d: a key must be a string.", d.json.InputOffset())
		}
		at := join(path, key)
		if err := checkText(path, key); err != nil {
			return nil, err
		}
		if _, twice := object[key]; twice {
			return nil, Errorf(ErrInvalidSyntax, at, "The key %q is there twice; send it once.", shorten(key))
		}
		if object[key], err = d.value(at, depth+1); err != nil {
			return nil, err
		}
	}
	return object, d.end(path)
}

func (d *decoder) array(path string, depth int) (any, error) {
	array := []any{}
	for d.json.More() {
		v, err := d.value(fmt.Sprintf("%s[%d]", path, len(array)), depth+1)
		if err != nil {
			return nil, err
		}
		array = append(array, v)
	}
	return array, d.end(path)
}

// end reads the closing bracket.
func (d *decoder) end(path string) error {
	if _, err := d.json.Token(); err != nil {
		return d.fault(path, err)
	}
	return nil
}

func (d *decoder) fault(path string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Errorf(ErrInvalidSyntax, path, "The JSON ends too early, at byte %d.", d.json.InputOffset())
	}
	return &Error{
		Kind: ErrInvalidSyntax, Path: path, Cause: err,
		Detail: fmt.Sprintf("The JSON is malformed at byte %d: %s.", d.json.InputOffset(), strings.TrimPrefix(err.Error(), "json: ")),
	}
}

// checkText refuses text that cannot be stored.
func checkText(path, s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return Errorf(ErrInvalidSyntax, path, "The text contains the character U+0000, which cannot be stored.")
	}
	return nil
}

// describe names a JSON value's type for an error message.
func describe(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case json.Number, float64, int, int64:
		return "a number"
	}
	return fmt.Sprintf("a %T", v)
}

// join appends a key to a path for an error message.
func join(path, key string) string {
	key = shorten(key)
	if path == "" {
		return key
	}
	return path + "." + key
}

// shorten keeps an error message readable whatever a client sent.
func shorten(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
