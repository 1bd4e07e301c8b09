package push_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/push"
	"proprio/resources"
)

// design.md, domain policy: an app that holds a private address may send a password reset there.
func privateAddressesAreNoAppsBusiness(t *testing.T, w *world) {
	work := map[string]any{"value": "marie@atelier.fr", "type": "work", "primary": true}
	id := w.user("marie", input{"emails": []any{
		map[string]any{"value": "marie@gmail.com", "type": "home"}, work, map[string]any{"value": "m@free.fr", "type": "Other"}}})
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	w.modify("User", id, resources.OpAdd, "emails", []any{map[string]any{"value": "m2@gmail.com", "type": "home"}})
	w.push()
	w.wantState("User", id, push.StateConfirmed)
	if diff := cmp.Diff([]any{work}, w.stand.User("marie@atelier.fr")["emails"]); diff != "" {
		t.Errorf("the app's e-mails (-want +got):\n%s", diff)
	}
	for _, r := range w.stand.Heard() {
		if strings.Contains(r.Body, "gmail") || strings.Contains(r.Body, "free.fr") || r.Method == http.MethodPatch {
			t.Errorf("%s %s tells of a private address", r, r.Body)
		}
	}
	r, err := w.db.Get(t.Context(), w.caller, resources.TypeUser, id, resources.With{})
	if err != nil || !strings.Contains(string(r.Body), "m2@gmail.com") {
		t.Errorf("the directory holds %s, %v; want what the identity provider sent", r.Body, err)
	}
}
