package export

import (
	_ "embed"
	"fmt"
	"sync"
)

//go:embed data/status.txt
var statusText string

// statusWords are "active" and "inactive" by the folded words that products write for them.
var statusWords = sync.OnceValue(func() map[string]string { return readNames(statusText) })

// states tells whether an account is active by what its row says. Words that an admin names as meaning inactive take the
// place of those known: every other one then means active.
type states map[string]bool

func statesOf(inactive []string) states {
	out := states{}
	for _, word := range inactive {
		out[fold(word)] = false
	}
	return out
}

// active reads a cell. An empty one says nothing, and an export that says nothing of an account lists one that is there.
func (s states) active(cell string) (bool, error) {
	word := fold(cell)
	if word == "" && cell == "" {
		return true, nil
	}
	if len(s) > 0 {
		_, off := s[word]
		return !off, nil
	}
	switch statusWords()[word] {
	case "active":
		return true, nil
	case "inactive":
		return false, nil
	}
	return false, fmt.Errorf("nobody knows whether an account is active whose status is %q: name the words that mean inactive, "+
		"as in --inactive %q; every other one then means active", cell, cell)
}
