package resources

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// decodeFast decodes JSON in which nothing is to be found fault with, within the limits of [DecodeObject]; the text is
// valid UTF-8. ok is false for all else, and then the decoder, which takes thrice as long, says what is wrong and where.
func decodeFast(data []byte) (v any, ok bool) {
	d := fastDecoder{text: string(data)}
	if v, ok = d.value(0); !ok {
		return nil, false
	}
	d.space()
	return v, d.at == len(d.text)
}

// fastDecoder reads a text from a place on. The texts in what it returns are parts of that one.
type fastDecoder struct {
	text  string
	at    int
	nodes int
}

// space passes over blanks, and returns the character after them; 0 at the end.
func (d *fastDecoder) space() byte {
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (d *fastDecoder) value(depth int) (any, bool) {
	if d.nodes++; d.nodes > maxNodes {
		return nil, false
	}
	switch c := d.space(); c {
	case '{', '[':
		if depth == maxDepth {
			return nil, false
		}
		d.at++
		if c == '{' {
			return d.object(depth + 1)
		}
		return d.array(depth + 1)
	case '"':
		return d.stringValue()
	case 't':
		return true, d.word("true")
	case 'f':
		return false, d.word("false")
	case 'n':
		return nil, d.word("null")
	}
	return d.number()
}

func (d *fastDecoder) word(w string) bool {
	ok := strings.HasPrefix(d.text[d.at:], w)
	d.at += len(w)
	return ok
}

func (d *fastDecoder) object(depth int) (any, bool) {
	object := map[string]any{}
	if d.space() == '}' {
		d.at++
		return object, true
	}
	for {
		if d.space() != '"' {
			return nil, false
		}
		key, ok := d.string()
		if !ok || d.space() != ':' || len(object) == maxKeys {
			return nil, false
		}
		d.at++
		v, ok := d.value(depth)
		if _, twice := object[key]; twice || !ok {
			return nil, false
		}
		object[key] = v
		if more, ok := d.next('}'); !more {
			return object, ok
		}
	}
}

func (d *fastDecoder) array(depth int) (any, bool) {
	array := []any{}
	if d.space() == ']' {
		d.at++
		return array, true
	}
	for {
		v, ok := d.value(depth)
		if !ok {
			return nil, false
		}
		array = append(array, v)
		if more, ok := d.next(']'); !more {
			return array, ok
		}
	}
}

// next reads what stands behind a value: a comma, or the end of its list or object.
func (d *fastDecoder) next(end byte) (more, ok bool) {
	c := d.space()
	d.at++
	return c == ',', c == end
}

func (d *fastDecoder) stringValue() (any, bool) {
	s, ok := d.string()
	if !ok {
		return nil, false
	}
	return s, true
}

// string reads a text from its first quotation mark on.
func (d *fastDecoder) string() (string, bool) {
	d.at++
	start, plain := d.at, true
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; {
		case c == '"':
			inner := d.text[start:d.at]
			d.at++
			if plain {
				return inner, true
			}
			var s string
			err := json.Unmarshal([]byte(d.text[start-1:d.at]), &s)
			return s, err == nil && strings.IndexByte(s, 0) < 0 && !(strings.ContainsRune(s, utf8.RuneError) && halfPair([]byte(inner)))
		case c == '\\':
			plain = false
			d.at++
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// number reads a number (RFC 8259 §6).
func (d *fastDecoder) number() (any, bool) {
	start := d.at
	d.skip("-")
	zero := d.skip("0")
	if !zero && !d.digits() {
		return nil, false
	}
	if d.skip(".") && !d.digits() {
		return nil, false
	}
	if d.skip("eE") {
		d.skip("+-")
		if !d.digits() {
			return nil, false
		}
	}
	return json.Number(d.text[start:d.at]), true
}

// skip passes over one of some characters, where it stands here.
func (d *fastDecoder) skip(any string) bool {
	if d.at == len(d.text) || strings.IndexByte(any, d.text[d.at]) < 0 {
		return false
	}
	d.at++
	return true
}

func (d *fastDecoder) digits() bool {
	start := d.at
	for d.at < len(d.text) && '0' <= d.text[d.at] && d.text[d.at] <= '9' {
		d.at++
	}
	return d.at > start
}
