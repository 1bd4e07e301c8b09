package replay

import (
	"fmt"
	"strings"
)

// Variables are the values of ${name}.
type Variables map[string]string

// expand puts the values into a text. An unknown name is an error, so that a typing mistake never reaches a server.
func (v Variables) expand(s string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		value, known := v[name]
		if !closed || !known {
			return "", fmt.Errorf("there is no variable ${%s}", name)
		}
		out.WriteString(value)
		s = after
	}
}

// expandValue puts the values into every text of a JSON value, keys included.
func (v Variables) expandValue(value any) (any, error) {
	switch t := value.(type) {
	case string:
		return v.expand(t)
	case []any:
		out := make([]any, len(t))
		for i, inner := range t {
			expanded, err := v.expandValue(inner)
			if err != nil {
				return nil, err
			}
			out[i] = expanded
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(t))
		for key, inner := range t {
			name, err := v.expand(key)
			if err != nil {
				return nil, err
			}
			if out[name], err = v.expandValue(inner); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return value, nil
}
