package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"
)

// maxSteps is how much work one expression may do on one User. An attribute that is read, a comparison, a call are a step
// each time; what looks into a text or a list costs more, the longer it is.
const maxSteps = 200_000

// maxMade is how many bytes the expressions of an app may make of one User, all together: one list that names the same text
// again and again costs few steps, and would be a document of many megabytes.
const maxMade = 64 << 10

// bytesOf is about how many bytes of JSON a value makes. It stops counting beyond most: a list that holds another one twice,
// and so on, is small and has no end.
func bytesOf(v any, most int) int {
	n := 2
	switch v := v.(type) {
	case string:
		n += len(v)
	case []string:
		for i := 0; i < len(v) && n <= most; i++ {
			n += 3 + len(v[i])
		}
	case []any:
		for i := 0; i < len(v) && n <= most; i++ {
			n += 1 + bytesOf(v[i], most-n)
		}
	case map[string]any:
		for key, one := range v {
			if n <= most {
				n += 4 + len(key) + bytesOf(one, most-n)
			}
		}
	}
	return n
}

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

// look pays for looking through a value.
func (m *meter) look(v any) error { return m.spend(1 + steps(v, m.left)) }

// steps are what there is to look at in a value, up to somewhat more than most of them.
func steps(v any, most int) int {
	n := 1
	switch v := v.(type) {
	case string:
		n = len(v) / 32
	case []string:
		n = len(v)
	case []any:
		for i := 0; i < len(v) && n <= most; i++ {
			n += 1 + steps(v[i], most-n)
		}
	case map[string]any:
		for _, one := range v {
			if n <= most {
				n += 1 + steps(one, most-n)
			}
		}
	}
	return n
}

// builtins are those of the language that do nothing but look at values, and whose work shows in how often their
// predicate runs or in the length of the list that they make, which the machine bounds itself.
var builtins = []string{"all", "any", "concat", "count", "filter", "find", "findIndex", "first", "int", "last", "len", "map",
	"none", "one", "reverse", "sort"}

// plain is what an expression may use, with the types that it is checked by.
func plain(v *View) []expr.Option {
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
func metered(v *View, p *metering) []expr.Option {
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
	add("/", divided, new(func(*meter, any, any) float64))
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

// divided refuses what the language makes a number without end of.
func divided(m *meter, args []any) (any, error) {
	if by, ok := args[1].(int); ok && by == 0 || args[1] == 0.0 {
		return nil, errors.New("it divides by zero")
	}
	return runtime.Divide(args[0], args[1]), m.spend(1)
}

func equal(m *meter, args []any) (any, error) {
	if err := m.look(args[0]); err != nil {
		return nil, err
	}
	return runtime.Equal(args[0], args[1]), nil
}

func in(m *meter, args []any) (any, error) {
	if err := m.look(args[1]); err != nil {
		return nil, err
	}
	return runtime.In(args[0], args[1]), nil
}

// metering rewrites a checked expression so that its work is counted. It keeps the regular expressions, which are
// compiled once.
type metering struct{ patterns map[string]*regexp.Regexp }

func (p *metering) matches(m *meter, args []any) (any, error) {
	s, ok := args[0].(string)
	if !ok && args[0] != nil { // nil, such as the first of no values, is an empty text
		return nil, errors.New("only a text can match a pattern")
	}
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
	case "+", "/", "in":
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
