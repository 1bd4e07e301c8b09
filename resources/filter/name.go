package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"

	parser "github.com/scim2/filter-parser/v2"
)

// attributePath = [URI ":"] attrName ["." subAttr]. The attribute is what follows the last colon; a URN's own dots, as
// in core:2.0, stand before it.
func (p *state) attributePath() (AttributePath, *Error) {
	start := p.pos
	for p.pos < len(p.in) && urnCharacter(p.in[p.pos]) {
		p.pos++
	}
	token := p.in[start:p.pos]
	if token == "" {
		return AttributePath{}, p.fault(start, "%s where the name of an attribute is expected", p.here())
	}
	colon := strings.LastIndexByte(token, ':')
	names := token[colon+1:]
	var a AttributePath
	if colon >= 0 {
		urn := token[:colon]
		if len(urn) < len("urn:x:y") || !strings.EqualFold(urn[:4], "urn:") {
			return a, p.fault(start, "%q is neither an attribute nor a URN with an attribute", token)
		}
		// Three names after a URN: the first is still the URN's, written with a dot, as Microsoft does:
		// urn:…:2.0:User.manager.value. With two, the resource type decides.
		if first, rest, _ := strings.Cut(names, "."); strings.Contains(rest, ".") {
			urn, names = token[:colon+1+len(first)], rest
		}
		a.URIPrefix = &urn
	}
	name, sub, dotted := strings.Cut(names, ".")
	if err := p.checkName(start, token, name); err != nil {
		return a, err
	}
	a.AttributeName = name
	if dotted {
		if err := p.checkName(start, token, sub); err != nil {
			return a, err
		}
		a.SubAttribute = &sub
	}
	return a, nil
}

// subAttribute = "." attrName, or nothing.
func (p *state) subAttribute() (*string, *Error) {
	if p.peek() != '.' {
		return nil, nil
	}
	p.pos++
	start := p.pos
	for p.pos < len(p.in) && urnCharacter(p.in[p.pos]) {
		p.pos++
	}
	name := p.in[start:p.pos]
	if err := p.checkName(start, name, name); err != nil {
		return nil, err
	}
	return &name, nil
}

// checkName holds a name against ATTRNAME = ALPHA *(nameChar), and `$ref`, which the RFC's own schemas have but its
// grammar forgets (errata 8924).
func (p *state) checkName(start int, token, name string) *Error {
	letters := strings.TrimPrefix(name, "$")
	ok := letters != "" && letter(letters[0])
	for i := 0; ok && i < len(letters); i++ {
		c := letters[i]
		ok = letter(c) || digit(c) || c == '-' || c == '_'
	}
	if ok {
		return nil
	}
	if token == "" {
		return p.fault(start, "%s where the name of an attribute is expected", p.here())
	}
	return p.fault(start, "%q is not the name of an attribute", token)
}

// operators by their spelling; the same word in capitals is the same operator.
var operators = [...]parser.CompareOperator{
	parser.EQ, parser.PR, parser.CO, parser.SW, parser.NE, parser.EW, parser.GT, parser.GE, parser.LT, parser.LE,
}

// operator reads pr, eq, … in any letter case.
func (p *state) operator(attr AttributePath) (parser.CompareOperator, *Error) {
	after := p.pos
	p.space()
	if p.pos == len(p.in) || p.in[p.pos] == ')' || p.in[p.pos] == ']' {
		return "", p.fault(p.pos, "%s has no operator", attr)
	}
	if p.pos == after {
		return "", p.fault(p.pos, "%s where a space is expected", p.here())
	}
	start := p.pos
	for p.pos < len(p.in) && letter(p.in[p.pos]) {
		p.pos++
	}
	word := p.in[start:p.pos]
	for _, op := range operators {
		if len(word) == 2 && strings.EqualFold(word, string(op)) {
			return op, nil
		}
	}
	p.pos = start
	return "", p.fault(start, "%s is not an operator; there are eq ne co sw ew gt ge lt le pr", p.here())
}

// logical reads `and` or `or` between two terms. Nothing is read when it is not there.
func (p *state) logical(word string) bool {
	start := p.pos
	p.space()
	// A space must go before, except after a closing character, where nothing can be mistaken.
	apart := p.pos > start || p.in[start-1] == ')' || p.in[start-1] == ']'
	if apart && p.word(word) {
		return true
	}
	p.pos = start
	return false
}

// word reads a keyword in any letter case when a space or a parenthesis follows it.
func (p *state) word(word string) bool {
	end := p.pos + len(word)
	if end >= len(p.in) || !strings.EqualFold(p.in[p.pos:end], word) {
		return false
	}
	if c := p.in[end]; c != '(' && !space(c) {
		return false
	}
	p.pos = end
	return true
}

func (p *state) space() {
	for p.pos < len(p.in) && space(p.in[p.pos]) {
		p.pos++
	}
}

// peek returns the next character, 0 at the end.
func (p *state) peek() byte {
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

// here names what stands at the position, for a message.
func (p *state) here() string {
	rest := p.in[p.pos:]
	if rest == "" {
		return "the end"
	}
	n := strings.IndexFunc(rest, func(r rune) bool { return r < 0x80 && (space(byte(r)) || strings.ContainsRune("()[]", r)) })
	if n < 0 {
		n = len(rest)
	}
	if n == 0 {
		n = 1
	}
	word := []rune(rest[:n])
	if len(word) > 40 {
		return fmt.Sprintf("%q…", string(word[:40]))
	}
	return fmt.Sprintf("%q", string(word))
}

// fault makes the error for a byte offset.
func (p *state) fault(at int, format string, args ...any) *Error {
	return &Error{Offset: utf8.RuneCountInString(p.in[:at]), Message: fmt.Sprintf(format, args...)}
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }
func space(c byte) bool  { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// urnCharacter says whether a character may be in an attribute's name or in the URN before it (RFC 8141 §2).
func urnCharacter(c byte) bool {
	return letter(c) || digit(c) || strings.IndexByte(":.-_$~%+!*,;=@/'", c) >= 0
}
