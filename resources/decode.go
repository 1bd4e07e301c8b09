package resources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits on a body's shape. SCIM nests four levels deep (RFC 7643 §2.3.8), and no schema has as many attributes as an
// object may have keys; the rest is room. A body of a megabyte that says something in every ten bytes has as many values
// as it may.
const (
	maxDepth = 32
	maxKeys  = 1000
	maxNodes = 100_000
)

// DecodeObject decodes a request's JSON object; numbers stay [json.Number]. It refuses what could be read in two ways or
// not be kept: bytes after the object, an object that names a key twice (Q07) or has more than 1000, nesting deeper than
// 32 levels, more than 100,000 values, text that is not Unicode, and the character U+0000, which Postgres cannot store. The error is
// ErrInvalidSyntax and names the place.
func DecodeObject(data []byte) (Input, error) {
	if !utf8.Valid(data) {
		return nil, Errorf(ErrInvalidSyntax, "", "The body is not valid UTF-8.")
	}
	if v, ok := decodeFast(data); ok {
		if object, ok := v.(map[string]any); ok {
			return object, nil
		}
	}
	d := decoder{data: data, json: json.NewDecoder(bytes.NewReader(data))}
	d.json.UseNumber()
	v, err := d.value()
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

// decoder reads values. Where it is, it writes out only for an error: a body can have a hundred thousand places.
type decoder struct {
	data  []byte
	json  *json.Decoder
	place []place // what leads to the value being read
	nodes int     // values read
}

// place is a key of an object or a position in an array, counted from 1; the zero value is between two of them.
type place struct {
	key      string
	position int
}

// value reads the next value.
func (d *decoder) value() (any, error) {
	from := d.json.InputOffset()
	t, err := d.json.Token()
	if err != nil {
		return nil, d.fault(err)
	}
	if d.nodes++; d.nodes > maxNodes {
		return nil, d.errorf("The body holds more than %d values. Send it in several requests.", maxNodes)
	}
	switch t := t.(type) {
	case json.Delim:
		if len(d.place) == maxDepth {
			return nil, d.errorf("The JSON nests deeper than %d levels.", maxDepth)
		}
		d.place = append(d.place, place{})
		defer func() { d.place = d.place[:len(d.place)-1] }()
		if t == '{' {
			return d.object()
		}
		return d.array()
	case string:
		return t, d.checkText(t, from)
	}
	return t, nil
}

func (d *decoder) object() (any, error) {
	object, here := map[string]any{}, len(d.place)-1
	for d.json.More() {
		from := d.json.InputOffset()
		t, err := d.json.Token()
		if err != nil {
			return nil, d.fault(err)
		}
		key, ok := t.(string)
		if !ok {
			return nil, d.errorf("The JSON is malformed at byte %d: a key must be a string.", d.json.InputOffset())
		}
		if err := d.checkText(key, from); err != nil {
			return nil, err
		}
		if len(object) == maxKeys {
			return nil, d.errorf("An object has more than %d keys.", maxKeys)
		}
		d.place[here].key = key
		if _, twice := object[key]; twice {
			return nil, d.errorf("The key %q is there twice; send it once.", shorten(key))
		}
		if object[key], err = d.value(); err != nil {
			return nil, err
		}
		d.place[here] = place{}
	}
	return object, d.end()
}

func (d *decoder) array() (any, error) {
	array, here := []any{}, len(d.place)-1
	for d.json.More() {
		d.place[here].position = len(array) + 1
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		array = append(array, v)
	}
	d.place[here] = place{}
	return array, d.end()
}

// end reads the closing bracket.
func (d *decoder) end() error {
	if _, err := d.json.Token(); err != nil {
		return d.fault(err)
	}
	return nil
}

func (d *decoder) fault(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return d.errorf("The JSON ends too early, at byte %d.", d.json.InputOffset())
	}
	return d.errorf("The JSON is malformed at byte %d: %s.", d.json.InputOffset(), strings.TrimPrefix(err.Error(), "json: "))
}

// checkText refuses text that cannot be stored, or that is none: the decoder puts U+FFFD in the place of half a surrogate pair.
// The text stands behind a place in the body.
func (d *decoder) checkText(s string, from int64) error {
	if strings.IndexByte(s, 0) >= 0 {
		return d.errorf("The text contains the character U+0000, which cannot be stored.")
	}
	if strings.ContainsRune(s, utf8.RuneError) && halfPair(d.data[from:d.json.InputOffset()]) {
		return d.errorf("The text contains half of a surrogate pair (an escape from \\ud800 to \\udfff), which is no character (RFC 8259 §8.2).")
	}
	return nil
}

// halfPair tells whether JSON holds an escape of one half of a surrogate pair without the other.
func halfPair(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		first, ok := codeUnit(text[i:])
		switch {
		case !ok: // \n and the like
			i++
		case !utf16.IsSurrogate(first):
			i += 5
		default:
			second, _ := codeUnit(text[i+6:])
			if utf16.DecodeRune(first, second) == utf8.RuneError {
				return true
			}
			i += 11
		}
	}
	return false
}

// codeUnit is the number in an escape of the form \uXXXX.
func codeUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(n), err == nil
}

// errorf is a fault at the place where the decoder is.
func (d *decoder) errorf(format string, args ...any) *Error {
	path := ""
	for _, p := range d.place {
		if p.position > 0 {
			path = fmt.Sprintf("%s[%d]", path, p.position-1)
		} else if p.key != "" {
			path = join(path, p.key)
		}
	}
	return Errorf(ErrInvalidSyntax, path, format, args...)
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
