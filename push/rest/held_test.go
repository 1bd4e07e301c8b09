package rest

import (
	"fmt"
	"testing"
)

// However many credentials come and go, a bounded number of tokens is held; one that is stored nowhere else stays.
func TestTokensAreHeldWithinBounds(t *testing.T) {
	t.Parallel()
	held := newTokens()
	first, only := held.of("hubstaff", "first"), held.of("hubstaff", "only here")
	only.unstored.Store(true)
	for i := range mostTokens {
		held.of("hubstaff", "in use")
		held.of("hubstaff", fmt.Sprint(i))
		held.rename("hubstaff", fmt.Sprint(i, "+"), held.of("hubstaff", fmt.Sprint(i)))
	}
	if n := len(held.held); n > mostTokens {
		t.Errorf("%d tokens are held", n)
	}
	if held.of("hubstaff", "only here") != only {
		t.Error("a credential that could not be stored is dropped")
	}
	if held.of("hubstaff", "first") == first {
		t.Error("the one that nobody asks for stays")
	}
}
