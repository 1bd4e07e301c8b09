package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker/nature"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"proprio/resources"
)

// expression is one that was compiled.
type expression struct {
	text    string
	program *vm.Program
	groups  bool // it asks for the names of Groups
}

// made is what an expression is known to make, before it runs.
type made struct {
	kind reflect.Kind // reflect.Interface: not known
	of   *made        // of a list's values; nil: not known
}

// parse compiles an expression. accepts says what is wrong with what it makes; empty: nothing. at is its place in the
// settings, for the error.
func parse(at, text string, v *View, accepts func(made) string) (e *expression, err error) {
	defer func() {
		if r := recover(); r != nil { // no expression is known that does it, but the library does not promise that
			err = wrong(at, text, file.Location{}, fmt.Sprintf("it cannot be compiled: %v", r))
		}
	}()
	if n := utf8.RuneCountInString(text); n > maxLength {
		return nil, resources.Errorf(resources.ErrInvalidValue, at, "the expression has %d characters; %d are the limit", n, maxLength)
	}
	limits := &limits{}
	checked, err := expr.Compile(text, append(plain(v), expr.Patch(limits))...)
	if limits.wrong != "" {
		return nil, wrong(at, text, limits.where, limits.wrong)
	}
	var fault *file.Error
	if errors.As(err, &fault) {
		return nil, wrong(at, text, fault.Location, hinted(fault.Message, v))
	}
	if err != nil {
		return nil, wrong(at, text, file.Location{}, firstLine(err)) // a few mistakes have no place
	}
	root := checked.Node()
	if fault := accepts(madeBy(root.Nature())); fault != "" {
		return nil, wrong(at, text, start(root), fault)
	}
	program, err := expr.Compile(text, metered(v, &metering{patterns: map[string]*regexp.Regexp{}})...)
	if err != nil {
		return nil, wrong(at, text, file.Location{}, firstLine(err))
	}
	return &expression{text: text, program: program, groups: limits.groups}, nil
}

// firstLine is an error without the stack that the library adds to some.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// run evaluates the expression over what values laid out. An error says where in it and why.
func (e *expression) run(values map[string]any) (any, error) {
	values[meterName] = &meter{left: maxSteps}
	machine := vm.VM{MemoryBudget: maxSteps}
	out, err := machine.Run(e.program, values)
	var fault *file.Error
	switch {
	case errors.As(err, &fault):
		line, column, _ := place(e.text, fault.Location)
		return nil, fmt.Errorf("at %d:%d: %s", line, column, happened(fault.Message))
	case err != nil:
		return nil, err
	}
	return out, nil
}

// limits refuses what the language has and rules may not use, and notes whether Groups are asked for.
type limits struct {
	wrong  string
	where  file.Location
	groups bool
}

// Visit implements ast.Visitor.
func (l *limits) Visit(node *ast.Node) {
	refuse := func(words string) {
		if l.wrong == "" {
			l.wrong, l.where = words, (*node).Location()
		}
	}
	switch n := (*node).(type) {
	case *ast.BuiltinNode: // the parser knows some of them by itself
		if !slices.Contains(builtins, n.Name) {
			refuse("unknown name " + n.Name)
		}
	case *ast.IdentifierNode:
		if n.Value == "$env" {
			refuse("$env cannot be used: name the attribute")
		}
		l.groups = l.groups || n.Value == groupsName
	case *ast.CallNode:
		if _, ok := n.Callee.(*ast.IdentifierNode); !ok {
			refuse("an attribute cannot be called: it is no function")
		}
	case *ast.BinaryNode:
		_, constant := n.Right.(*ast.StringNode)
		switch {
		case n.Operator == "..":
			refuse("ranges of numbers cannot be used")
		case n.Operator == "matches" && !constant:
			refuse("the pattern on the right of matches must be written out, as a text")
		}
	}
}

// wrong is what is wrong with an expression, with the place in it shown.
func wrong(at, text string, where file.Location, words string) error {
	line, column, shown := place(text, where)
	letters, before := []rune(shown), column-1
	if cut := before - shownAround; cut > 0 { // a long line is shown around the place
		letters, before = append([]rune("… "), letters[cut:]...), shownAround+2
	}
	if len(letters) > before+shownAround {
		letters = append(letters[:before+shownAround:before+shownAround], []rune(" …")...)
	}
	return resources.Errorf(resources.ErrInvalidValue, at, "%d:%d: %s\n  | %s\n  | %s^", line, column, friendly(words), string(letters),
		strings.Repeat(".", before))
}

// shownAround are how many characters of an expression are shown before and after a mistake.
const shownAround = 70

// place is the line and the column of a location, both from 1, and the line's text.
func place(text string, where file.Location) (line, column int, shown string) {
	letters := []rune(text)
	before := string(letters[:min(max(where.From, 0), len(letters))])
	line = 1 + strings.Count(before, "\n")
	column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	shown = strings.ReplaceAll(strings.Split(text, "\n")[line-1], "\t", " ")
	return line, column, shown
}

// start is where an expression begins: a node's own place may be that of its operator.
func start(n ast.Node) file.Location {
	first := &first{at: n.Location()}
	ast.Walk(&n, first)
	return first.at
}

type first struct{ at file.Location }

// Visit implements ast.Visitor.
func (f *first) Visit(node *ast.Node) {
	if at := (*node).Location(); at.From < f.at.From {
		f.at = at
	}
}

// madeBy reads what the checker found of an expression's value.
func madeBy(n *nature.Nature) made {
	m := made{kind: n.Kind}
	switch {
	case n.Type == nil && !n.Nil || n.Kind == reflect.Invalid && !n.Nil:
		m.kind = reflect.Interface
	case n.Nil:
		m.kind = reflect.Invalid
	case n.Kind == reflect.Slice && n.Ref != nil:
		of := madeBy(n.Ref)
		m.of = &of
	case n.Kind == reflect.Slice && n.Type.Elem().Kind() == reflect.String:
		m.of = &made{kind: reflect.String}
	}
	return m
}
