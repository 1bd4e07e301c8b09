package resources

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// encode is the JSON of a value in the schema's form, with sorted keys and text as it is: what encoding/json writes
// without escaping HTML, for stored documents are compared byte by byte. What a document is made of it writes itself, at
// a third of the cost.
func encode(v any) []byte { return appendJSON(make([]byte, 0, 512), v) }

func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		if v {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case string:
		return appendString(b, v)
	case []any:
		if v == nil {
			return append(b, "null"...)
		}
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, e)
		}
		return append(b, ']')
	case map[string]any:
		return appendObject(b, v)
	}
	return appendOther(b, v)
}

func appendObject(b []byte, object map[string]any) []byte {
	if object == nil {
		return append(b, "null"...)
	}
	var room [32]string
	keys := room[:0]
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, key), ':')
		b = appendJSON(b, object[key])
	}
	return append(b, '}')
}

// appendString writes a text between quotation marks (RFC 8259 §7). The line separators U+2028 and U+2029 are escaped, as
// encoding/json does, and bytes that are not UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		escape := escaped(r, size)
		if escape != "" {
			b = append(append(b, s[start:i]...), escape...)
			start = i + size
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}

const hexDigits = "0123456789abcdef"

// escaped is how a character of a text is written; "" as it is.
func escaped(r rune, size int) string {
	switch {
	case r == '"':
		return `\"`
	case r == '\\':
		return `\\`
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r == '\b':
		return `\b`
	case r == '\f':
		return `\f`
	case r < ' ':
		return `\u00` + string(hexDigits[r>>4]) + string(hexDigits[r&0xf])
	case r == utf8.RuneError && size == 1:
		return `\ufffd`
	case r == '\u2028':
		return `\u2028`
	case r == '\u2029':
		return `\u2029`
	}
	return ""
}

// appendOther writes a value of a kind that documents rarely hold.
func appendOther(b []byte, v any) []byte {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("resources: a value in the schema's form is always JSON: " + err.Error())
	}
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}
