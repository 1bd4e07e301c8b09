package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

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
