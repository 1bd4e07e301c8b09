package push

import (
	"strings"
	"testing"
)

// An app's id ends up in the path of every later call: one that is a step along the path would hit something else.
func TestRemoteIDsThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", ".", "..", "a\nb", "a\x00b", "a\x7fb", "a\uFFFDb", strings.Repeat("x", maxRemoteID+1)} {
		f, ok := isFailure(usable(id))
		if !ok || f.class != ClassUnsupported {
			t.Errorf("%q: %v, want class %s", id, f, ClassUnsupported)
		}
	}
	for _, id := range []string{"1", "...", ".a", "a/b", `a\b`, "../1", "é", strings.Repeat("x", maxRemoteID)} {
		if err := usable(id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
}
