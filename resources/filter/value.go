package filter

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	parser "github.com/scim2/filter-parser/v2"
)

// value = false / null / true / number / string, as in JSON, the keywords in any letter case.
func (p *state) value(op parser.CompareOperator) (any, *Error) {
	p.space()
	if p.peek() == '"' {
		return p.quoted()
	}
	start := p.pos
	for p.pos < len(p.in) && !space(p.in[p.pos]) && strings.IndexByte(`()[]"`, p.in[p.pos]) < 0 {
		p.pos++
	}
	word := p.in[start:p.pos]
	switch {
	case word == "":
		return nil, p.fault(start, "%s has no value", op)
	case strings.EqualFold(word, "null"):
		if op != parser.EQ && op != parser.NE {
			return nil, p.fault(start, "null can be compared with eq and ne only")
		}
		return nil, nil
	case p.unquoted:
		return Bare(word), nil
	case strings.EqualFold(word, "true"):
		return true, nil
	case strings.EqualFold(word, "false"):
		return false, nil
	case number(word):
		return json.Number(word), nil
	}
	p.pos = start
	return nil, p.fault(start, "%s is not a value; a string goes in double quotes", p.here())
}

// quoted reads a JSON string. Without an escape it is a part of the input, not a copy.
func (p *state) quoted() (any, *Error) {
	open := p.pos
	p.pos++
	start := p.pos
	for ; p.pos < len(p.in); p.pos++ {
		switch c := p.in[p.pos]; {
		case c == '"':
			s := p.in[start:p.pos]
			p.pos++
			return s, p.apart()
		case c == '\\':
			return p.escaped(open, start)
		case c < 0x20:
			return nil, p.fault(p.pos, "a control character in a string must be written as an escape")
		}
	}
	return nil, p.fault(open, "the string is never closed")
}

// escaped reads on from the first escape of a string that began at start.
func (p *state) escaped(open, start int) (any, *Error) {
	b := make([]byte, 0, len(p.in)-start)
	b = append(b, p.in[start:p.pos]...)
	for p.pos < len(p.in) {
		switch c := p.in[p.pos]; {
		case c == '"':
			p.pos++
			return string(b), p.apart()
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return nil, err
			}
			b = utf8.AppendRune(b, r)
		case c < 0x20:
			return nil, p.fault(p.pos, "a control character in a string must be written as an escape")
		default:
			b = append(b, c)
			p.pos++
		}
	}
	return nil, p.fault(open, "the string is never closed")
}

// escape reads one escape (RFC 8259 §7), two where they are a surrogate pair.
func (p *state) escape() (rune, *Error) {
	at := p.pos
	p.pos += 2
	if p.pos > len(p.in) {
		return 0, p.fault(at, "the string ends in the middle of an escape")
	}
	switch c := p.in[at+1]; c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		p.pos = at
		return p.unicode()
	}
	_, size := utf8.DecodeRuneInString(p.in[at+1:])
	return 0, p.fault(at, "%q is not an escape", p.in[at:at+1+size])
}

// unicode reads \uXXXX. Half a surrogate pair is no character: it could be compared with nothing.
func (p *state) unicode() (rune, *Error) {
	at := p.pos
	r, ok := p.hex()
	if !ok {
		return 0, p.fault(at, `\u must have four hexadecimal digits`)
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	low, ok := p.hex()
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, p.fault(at, "half a surrogate pair is not a character")
	}
	return r, nil
}

// hex reads one \uXXXX; ok is false, and nothing read, when there is none.
func (p *state) hex() (r rune, ok bool) {
	if len(p.in)-p.pos < 6 || p.in[p.pos] != '\\' || p.in[p.pos+1] != 'u' {
		return 0, false
	}
	for _, c := range []byte(p.in[p.pos+2 : p.pos+6]) {
		if !digit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(p.in[p.pos+2:p.pos+6], 16, 32)
	if err != nil {
		return 0, false
	}
	p.pos += 6
	return rune(n), true
}

// apart refuses a string that runs into the next word, such as "a"b: a quote in the middle was not escaped.
func (p *state) apart() *Error {
	if c := p.peek(); c == 0 || c == ')' || c == ']' || space(c) {
		return nil
	}
	return p.fault(p.pos, `%s right after a string; a quote inside a string is written \"`, p.here())
}

// number says whether a word is a JSON number (RFC 8259 §6).
func number(s string) bool {
	s = strings.TrimPrefix(s, "-")
	s, ok := digits(s)
	if !ok {
		return false
	}
	if rest, found := strings.CutPrefix(s, "."); found {
		if s, ok = digitsAny(rest); !ok {
			return false
		}
	}
	if s != "" && s[0]|0x20 == 'e' {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if s, ok = digitsAny(s); !ok {
			return false
		}
	}
	return s == ""
}

// digits cuts an integer without leading zeros.
func digits(s string) (rest string, ok bool) {
	if strings.HasPrefix(s, "0") {
		return s[1:], true
	}
	return digitsAny(s)
}

// digitsAny cuts one digit or more.
func digitsAny(s string) (rest string, ok bool) {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	return s[n:], n > 0
}
