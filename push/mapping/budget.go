package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"
	"golang.org/x/text/unicode/norm"
)

// maxSteps is how much work one expression may do on one User. An attribute that is read, a comparison, a call are a step
// each time; what looks into a text or a list costs more, the longer it is.
const maxSteps = 200_000

var errBudget = errors.New("it works too long: make it simpler")

// meter counts down the work of one evaluation.
type meter struct{ left int }

func (m *meter) spend(n int) error {
	if m.left -= n; m.left < 0 {
		return errBudget
	}
	return nil
}

// text pays for reading or making a text, and bounds it.
func (m *meter) text(s string) error {
	if len(s) > maxText {
		return fmt.Errorf("it makes a text of %d bytes; %d are the limit", len(s), maxText)
	}
	return m.spend(1 + len(s)/32)
}

// builtins are those of the language that do nothing but look at values, and whose work shows in how often their
// predicate runs or in the length of the list that they make, which the machine bounds itself.
var builtins = []string{"all", "any", "concat", "count", "filter", "find", "findIndex", "first", "int", "last", "len", "map",
	"none", "one", "reverse", "sort"}

// function is one of ours: what expressions may call, with its type as they see it.
type function struct {
	name string
	of   any // a func value; only its type counts
	do   func(m *meter, args []any) (any, error)
}

// functions are those that read or make texts; the language's own of the same names would not count what they do.
func functions() []function {
	text := func(v any) string { s, _ := v.(string); return s } // nil, such as the first of no values, is an empty text
	of := func(f func(s string) string) func(*meter, []any) (any, error) {
		return func(m *meter, args []any) (any, error) {
			s := text(args[0])
			if err := m.text(s); err != nil {
				return nil, err
			}
			made := f(s)
			return made, m.text(made)
		}
	}
	with := func(f func(s, t string) any) func(*meter, []any) (any, error) {
		return func(m *meter, args []any) (any, error) {
			return f(text(args[0]), text(args[1])), m.text(text(args[0]))
		}
	}
	one, two, asks := func(string) string { return "" }, func(_, _ string) string { return "" }, func(_, _ string) bool { return false }
	return []function{
		{"lower", one, of(strings.ToLower)},
		{"upper", one, of(strings.ToUpper)},
		{"trim", one, of(strings.TrimSpace)},
		{"ascii", one, of(ascii)},
		{"trimPrefix", two, with(func(s, t string) any { return strings.TrimPrefix(s, t) })},
		{"trimSuffix", two, with(func(s, t string) any { return strings.TrimSuffix(s, t) })},
		{"hasPrefix", asks, with(func(s, t string) any { return strings.HasPrefix(s, t) })},
		{"hasSuffix", asks, with(func(s, t string) any { return strings.HasSuffix(s, t) })},
		{"indexOf", func(_, _ string) int { return 0 }, with(func(s, t string) any { return strings.Index(s, t) })},
		{"split", func(_, _ string) []string { return nil }, func(m *meter, args []any) (any, error) {
			pieces := strings.Split(text(args[0]), text(args[1]))
			return pieces, m.spend(1 + len(pieces))
		}},
		{"join", func([]any, string) string { return "" }, join},
		{"replace", func(_, _, _ string) string { return "" }, replace},
		{"string", func(any) string { return "" }, asText},
		{"uniq", func([]any) []any { return nil }, uniq},
	}
}

func join(m *meter, args []any) (any, error) {
	var parts []string
	size := 0
	list := reflect.ValueOf(args[0])
	for i := range list.Len() {
		part, ok := list.Index(i).Interface().(string)
		if !ok {
			return nil, errors.New("join takes a list of texts")
		}
		if size += len(part); size > maxText {
			break
		}
		parts = append(parts, part)
	}
	glue, _ := args[1].(string)
	if size += len(glue) * len(parts); size > maxText+len(glue) {
		return nil, m.text(strings.Repeat(" ", maxText+1))
	}
	made := strings.Join(parts, glue)
	return made, errors.Join(m.spend(len(parts)), m.text(made))
}

func replace(m *meter, args []any) (any, error) {
	s, _ := args[0].(string)
	old, _ := args[1].(string)
	with, _ := args[2].(string)
	if made := len(s) + strings.Count(s, old)*(len(with)-len(old)); made > maxText {
		return nil, fmt.Errorf("it makes a text of %d bytes; %d are the limit", made, maxText)
	}
	made := strings.ReplaceAll(s, old, with)
	return made, errors.Join(m.text(s), m.text(made))
}

// asText writes a text, a number or a truth value.
func asText(m *meter, args []any) (any, error) {
	switch v := args[0].(type) {
	case nil:
		return "", nil
	case string, bool, int, float64:
		return fmt.Sprint(v), m.spend(1)
	}
	return nil, errors.New("only a text, a number, true or false can be written as text")
}

// uniq leaves the first of equal texts and numbers.
func uniq(m *meter, args []any) (any, error) {
	list := reflect.ValueOf(args[0])
	if err := m.spend(list.Len()); err != nil {
		return nil, err
	}
	seen, out := map[any]bool{}, []any{}
	for i := range list.Len() {
		v := list.Index(i).Interface()
		switch v.(type) {
		case string, bool, int, float64, nil:
		default:
			return nil, errors.New("uniq takes a list of texts or numbers")
		}
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out, nil
}

// ascii writes letters without their accents, and leaves out what is no ASCII even then: for names of accounts.
func ascii(s string) string {
	s = strings.NewReplacer("œ", "oe", "Œ", "OE", "æ", "ae", "Æ", "AE", "ß", "ss", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L",
		"’", "'", "‑", "-", "–", "-").Replace(s)
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// plain is what an expression may use, with the types that it is checked by.
func plain(v *view) []expr.Option {
	options := []expr.Option{expr.Env(v.types), expr.MaxNodes(maxNodes), expr.Optimize(false), expr.DisableAllBuiltins()}
	for _, name := range builtins {
		options = append(options, expr.EnableBuiltin(name))
	}
	for _, f := range functions() {
		options = append(options, expr.Function(f.name, never, reflect.New(reflect.TypeOf(f.of)).Interface()))
	}
	return options
}

// never stands for a function where only its type counts.
func never(...any) (any, error) { return nil, errBudget }

// metered is the same for what runs: each call gets the meter, and what the language does without a call is made one
// where its work can grow.
func metered(v *view, p *metering) []expr.Option {
	options := []expr.Option{expr.Env(v.types), expr.Optimize(false), expr.DisableAllBuiltins(), expr.MaxNodes(0), expr.Patch(p)}
	for _, name := range builtins {
		options = append(options, expr.EnableBuiltin(name))
	}
	add := func(name string, do func(m *meter, args []any) (any, error), of any) {
		options = append(options, expr.Function(name, func(args ...any) (any, error) { return do(args[0].(*meter), args[1:]) }, of))
	}
	for _, f := range functions() {
		add(f.name, f.do, reflect.New(withMeter(reflect.TypeOf(f.of))).Interface())
	}
	add("+", plus, new(func(*meter, any, any) any))
	add("==", equal, new(func(*meter, any, any) bool))
	add("in", in, new(func(*meter, any, any) bool))
	add("matches", p.matches, new(func(*meter, any, string) bool))
	add("step", func(m *meter, args []any) (any, error) { return true, m.spend(args[0].(int)) }, new(func(*meter, int) bool))
	return options
}

func withMeter(f reflect.Type) reflect.Type {
	in := []reflect.Type{reflect.TypeFor[*meter]()}
	for i := range f.NumIn() {
		in = append(in, f.In(i))
	}
	return reflect.FuncOf(in, []reflect.Type{f.Out(0)}, false)
}

func plus(m *meter, args []any) (any, error) {
	a, text := args[0].(string)
	b, also := args[1].(string)
	if !text || !also {
		return runtime.Add(args[0], args[1]), m.spend(1)
	}
	if err := m.text(a); err != nil {
		return nil, err
	}
	made := a + b
	return made, m.text(made)
}

func equal(m *meter, args []any) (any, error) {
	if err := m.spend(1 + size(args[0])); err != nil {
		return nil, err
	}
	return runtime.Equal(args[0], args[1]), nil
}

func in(m *meter, args []any) (any, error) {
	if err := m.spend(1 + size(args[1])); err != nil {
		return nil, err
	}
	return runtime.In(args[0], args[1]), nil
}

// size is how much there is to look at in a value.
func size(v any) int {
	switch v := v.(type) {
	case string:
		return len(v) / 32
	case []string:
		return len(v)
	case []any:
		n := len(v)
		for _, one := range v {
			n += size(one)
		}
		return n
	case map[string]any:
		n := len(v)
		for _, one := range v {
			n += size(one)
		}
		return n
	}
	return 1
}

// metering rewrites a checked expression so that its work is counted. It keeps the regular expressions, which are
// compiled once.
type metering struct{ patterns map[string]*regexp.Regexp }

func (p *metering) matches(m *meter, args []any) (any, error) {
	s, _ := args[0].(string)
	if err := m.spend(1 + len(s)); err != nil {
		return nil, err
	}
	return p.patterns[args[1].(string)].MatchString(s), nil
}

// Visit implements ast.Visitor: what is inside a node was visited before.
func (p *metering) Visit(node *ast.Node) {
	call := func(name string, args ...ast.Node) ast.Node {
		args = append([]ast.Node{&ast.IdentifierNode{Value: meterName}}, args...)
		made := &ast.CallNode{Callee: &ast.IdentifierNode{Value: name}, Arguments: args}
		made.SetLocation((*node).Location())
		return made
	}
	switch n := (*node).(type) {
	case *ast.CallNode:
		if f, ok := n.Callee.(*ast.IdentifierNode); ok && slices.ContainsFunc(functions(), func(g function) bool { return g.name == f.Value }) {
			ast.Patch(node, call(f.Value, n.Arguments...))
		}
	case *ast.PredicateNode:
		step := call("step", &ast.IntegerNode{Value: 1 + nodes(n.Node)})
		body := n.Node
		n.Node = &ast.SequenceNode{Nodes: []ast.Node{step, body}}
		n.Node.SetLocation(body.Location())
	case *ast.BinaryNode:
		p.binary(node, n, call)
	}
}

func (p *metering) binary(node *ast.Node, n *ast.BinaryNode, call func(string, ...ast.Node) ast.Node) {
	switch n.Operator {
	case "+", "in":
		ast.Patch(node, call(n.Operator, n.Left, n.Right))
	case "==":
		ast.Patch(node, call("==", n.Left, n.Right))
	case "!=":
		ast.Patch(node, &ast.UnaryNode{Operator: "not", Node: call("==", n.Left, n.Right)})
	case "matches":
		pattern := n.Right.(*ast.StringNode).Value // forbidden made sure of it
		p.patterns[pattern] = regexp.MustCompile(pattern)
		ast.Patch(node, call("matches", n.Left, n.Right))
	}
}

// nodes counts what there is to do in an expression.
func nodes(n ast.Node) int {
	c := counter(0)
	ast.Walk(&n, &c)
	return int(c)
}

type counter int

// Visit implements ast.Visitor.
func (c *counter) Visit(*ast.Node) { *c++ }
