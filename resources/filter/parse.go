package filter

import (
	"unicode/utf8"

	parser "github.com/scim2/filter-parser/v2"
)

// state is a parse under way: recursive descent, one method per rule of the grammar, no token list in between.
type state struct {
	in       string
	pos      int // byte offset of the next character
	depth    int // open parentheses and brackets
	terms    int // comparisons so far
	unquoted bool
}

// filter = expression, to the end of the input.
func (p *state) filter() (Expression, *Error) {
	if err := p.begin("filter"); err != nil {
		return nil, err
	}
	e, err := p.or(false)
	if err != nil {
		return nil, err
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	return e, nil
}

// path = attrPath / valuePath [subAttr], to the end of the input.
func (p *state) path() (Path, *Error) {
	if err := p.begin("path"); err != nil {
		return Path{}, err
	}
	var path Path
	var err *Error
	if path.AttributePath, err = p.attributePath(); err != nil {
		return Path{}, err
	}
	if p.peek() == '[' {
		if path.ValueExpression, err = p.valueFilter(); err != nil {
			return Path{}, err
		}
		if path.SubAttribute, err = p.subAttribute(); err != nil {
			return Path{}, err
		}
	}
	if err := p.end(); err != nil {
		return Path{}, err
	}
	return path, nil
}

// or = and *("or" and). inside says whether the expression stands in the brackets of a value path.
func (p *state) or(inside bool) (Expression, *Error) {
	left, err := p.and(inside)
	for err == nil && p.logical("or") {
		var right Expression
		if right, err = p.and(inside); err == nil {
			left = &LogicalExpression{Left: left, Right: right, Operator: parser.OR}
		}
	}
	return left, err
}

// and = term *("and" term). It binds tighter than or.
func (p *state) and(inside bool) (Expression, *Error) {
	left, err := p.term(inside)
	for err == nil && p.logical("and") {
		var right Expression
		if right, err = p.term(inside); err == nil {
			left = &LogicalExpression{Left: left, Right: right, Operator: parser.AND}
		}
	}
	return left, err
}

// term = ["not"] "(" or ")" / ["not"] valuePath / comparison. A not before a bare comparison is not in the grammar and
// reads two ways to people, so it is refused.
func (p *state) term(inside bool) (Expression, *Error) {
	p.space()
	if p.peek() == '(' {
		return p.group(inside)
	}
	start := p.pos
	if !p.word("not") {
		return p.comparison(inside)
	}
	p.space()
	if p.peek() == '(' {
		e, err := p.group(inside)
		if err != nil {
			return nil, err
		}
		return &NotExpression{Expression: e}, nil
	}
	e, err := p.comparison(inside)
	if err != nil {
		return nil, err
	}
	if _, ok := e.(*ValuePath); !ok {
		return nil, p.fault(start, `"not" must stand before a parenthesis: not (…)`)
	}
	return &NotExpression{Expression: e}, nil
}

// group = "(" or ")".
func (p *state) group(inside bool) (Expression, *Error) {
	open := p.pos
	if err := p.nest(); err != nil {
		return nil, err
	}
	e, err := p.or(inside)
	if err != nil {
		return nil, err
	}
	return e, p.close(open, ')', `parenthesis "("`)
}

// comparison = attrPath "pr" / attrPath operator value / valuePath. A value path may carry on with a sub-attribute,
// which the grammar has in paths only but clients send in filters too (clients.md Q21): emails[type eq "work"].value
// eq "x" is the value path emails[type eq "work" and value eq "x"].
func (p *state) comparison(inside bool) (Expression, *Error) {
	attr, err := p.attributePath()
	if err != nil {
		return nil, err
	}
	if p.peek() != '[' {
		return p.compare(attr)
	}
	if inside {
		return nil, p.fault(p.pos, "a value path cannot stand inside another one")
	}
	where, err := p.valueFilter()
	if err != nil {
		return nil, err
	}
	sub, err := p.subAttribute()
	if err != nil {
		return nil, err
	}
	if sub != nil {
		tail, err := p.compare(AttributePath{AttributeName: *sub})
		if err != nil {
			return nil, err
		}
		where = &LogicalExpression{Left: where, Right: tail, Operator: parser.AND}
	}
	return &ValuePath{AttributePath: attr, ValueFilter: where}, nil
}

// valueFilter = "[" or "]".
func (p *state) valueFilter() (Expression, *Error) {
	open := p.pos
	if err := p.nest(); err != nil {
		return nil, err
	}
	e, err := p.or(true)
	if err != nil {
		return nil, err
	}
	return e, p.close(open, ']', `bracket "["`)
}

// compare = "pr" / operator value, after the attribute.
func (p *state) compare(attr AttributePath) (Expression, *Error) {
	if p.terms++; p.terms > MaxTerms {
		return nil, p.fault(p.pos, "more than %d comparisons", MaxTerms)
	}
	op, err := p.operator(attr)
	if err != nil {
		return nil, err
	}
	e := &AttributeExpression{AttributePath: attr, Operator: op}
	if op == parser.PR {
		return e, nil
	}
	e.CompareValue, err = p.value(op)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// begin refuses what must not be parsed at all, and skips leading space.
func (p *state) begin(what string) *Error {
	if len(p.in) > MaxLength {
		return &Error{Offset: MaxLength, Message: what + " is longer than 8 KiB"}
	}
	for i, r := range p.in {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(p.in[i:]); size == 1 {
				return p.fault(i, "not valid UTF-8")
			}
		}
	}
	p.space()
	if p.pos == len(p.in) {
		return p.fault(p.pos, "%s is empty", what)
	}
	return nil
}

// end expects nothing more.
func (p *state) end() *Error {
	p.space()
	switch {
	case p.pos == len(p.in):
		return nil
	case p.in[p.pos] == ')' || p.in[p.pos] == ']':
		return p.fault(p.pos, "%q closes nothing", p.in[p.pos])
	}
	return p.fault(p.pos, "%s is not expected here", p.here())
}

// nest steps over an opening character, unless it is one too deep.
func (p *state) nest() *Error {
	if p.depth++; p.depth > MaxDepth {
		return p.fault(p.pos, "nested deeper than %d", MaxDepth)
	}
	p.pos++
	return nil
}

// close expects the character that closes what was opened at `open`.
func (p *state) close(open int, c byte, what string) *Error {
	p.space()
	switch {
	case p.pos == len(p.in):
		return p.fault(open, "%s is never closed", what)
	case p.in[p.pos] != c:
		return p.fault(p.pos, "%s where %q is expected", p.here(), c)
	}
	p.pos++
	p.depth--
	return nil
}
