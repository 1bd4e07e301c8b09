package resources_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/audit"
	"proprio/resources"
)

// The policy is asked on every path that writes a User, about the whole new state, and its refusal changes nothing
// (design.md, "Domain policy").
func TestPolicy_refusesOnEveryPath(t *testing.T) {
	eachSite(t, func(s *site) {
		s.policy.set(true)
		r := s.create("User", `{"userName":"anna@corp.fr"}`)
		ctx, none := t.Context(), resources.Precondition{}
		create := func(in resources.Input) func() error {
			return func() error { _, err := s.Create(ctx, s.caller, "User", in); return err }
		}
		modify := func(ops ...resources.Operation) func() error {
			return func() error { _, err := s.Modify(ctx, s.caller, "User", r.ID, none, ops); return err }
		}
		pathless := set("emails", []any{map[string]any{"value": "a@evil.com", "type": "work"}})
		pathless.Lenient = true
		record := resources.Input{"userName": "bob@evil.com", "active": "true", "name.givenName": "Bob"} // a line of a CSV file
		for name, attempt := range map[string]func() error{
			"POST":           create(decode(t, `{"userName":"b@evil.com"}`)),
			"POST, e-mail":   create(decode(t, `{"userName":"b@corp.fr","emails":["b@evil.com"]}`)),
			"POST, dotted":   create(decode(t, `{"userName":"b@corp.fr","emails[type eq \"work\"].value":"b@evil.com"}`)),
			"POST, inactive": create(decode(t, `{"userName":"b@evil.com","active":false}`)),
			"import":         create(record),
			"PUT": func() error {
				_, err := s.Replace(ctx, s.caller, "User", r.ID, none, decode(t, `{"userName":"a@evil.com"}`))
				return err
			},
			"PATCH":                   modify(set("userName", "a@evil.com")),
			"PATCH, value path":       modify(operation(resources.OpAdd, `emails[type eq "work"].value`, "a@evil.com")),
			"PATCH without path":      modify(pathless),
			"PATCH, last of several":  modify(set("title", "T"), set("userName", "a@evil.com")),
			"PATCH with deactivation": modify(set("active", false), set("userName", "a@evil.com")),
		} {
			s.policy.set(true)
			s.unchanged(resources.ErrInvalidValue, "evil.com is outside", attempt)
			if len(s.policy.asked) == 0 {
				t.Errorf("%s: the policy was not asked", name)
			}
		}
	})
}

// Hold: stored exactly as sent, not in force, and for the policy alone to set or clear.
func TestPolicy_hold(t *testing.T) {
	eachSite(t, func(s *site) {
		text := `{"userName":"anna@evil.com","active":true,"OWN":{"hold":"mine","post":"p"}}`
		r := s.create("User", text)
		want := decode(t, `{"schemas":["`+resources.SchemaUser+`","OWN"],"userName":"anna@evil.com","active":true,"OWN":{"hold":"evil.com is outside","post":"p"}}`)
		if diff := cmp.Diff(want, map[string]any(document(t, r))); diff != "" {
			t.Error(diff)
		}
		if !r.Index.Active || r.Index.Hold != "evil.com is outside" {
			t.Errorf("%+v", r.Index)
		}
		s.modify(r, operation(resources.OpRemove, "OWN", nil))
		cleared := set("OWN", map[string]any{"hold": ""})
		cleared.Lenient = true
		s.modify(r, cleared)
		s.replace(r, `{"userName":"anna@evil.com","OWN":{}}`)
		if got := s.get("User", r.ID); got.Index.Hold == "" || document(t, got)[resources.SchemaOwnership].(map[string]any)["hold"] == nil {
			t.Errorf("a client cleared the hold: %+v", got.Index)
		}
		released := s.modify(r, set("userName", "anna@corp.fr"))
		if released.Resource.Index.Hold != "" || document(t, released.Resource)[resources.SchemaOwnership] != nil {
			t.Errorf("still held: %s", released.Resource.Body)
		}
		s.modify(r, set("userName", "anna@evil.com"))
		s.modify(r, set("active", false))
		s.wantActions(r.ID, audit.ActionCreate, audit.ActionModify, audit.ActionRelease, audit.ActionHold, audit.ActionDeactivate)
		for i, reason := range []string{"evil.com is outside", "evil.com is outside", "evil.com is outside", "evil.com is outside", "evil.com is outside"} {
			if got := s.entries(r.ID)[i].Reason; got != reason {
				t.Errorf("entry %d: reason %q, want %q", i, got, reason)
			}
		}
	})
}

// After a change of the rules: held, released, and nobody refused what is there already.
func TestReconsider(t *testing.T) {
	eachSite(t, func(s *site) {
		in := s.create("User", `{"userName":"in@corp.fr"}`)
		held := s.create("User", `{"userName":"held@evil.com"}`)
		reconsider := func(want int) {
			t.Helper()
			s.caller.Actor = audit.Actor{Kind: audit.ActorSystem}
			if got, err := s.Reconsider(t.Context(), s.caller); err != nil || got != want {
				t.Errorf("Reconsider: %d, %v, want %d", got, err, want)
			}
		}
		reconsider(0)
		s.policy.set(true)
		reconsider(1) // the reason is told differently now
		s.Policy = corpOnly{"evil.com"}
		reconsider(2)
		if s.get("User", in.ID).Index.Hold == "" || s.get("User", held.ID).Index.Hold != "" {
			t.Errorf("in %+v, held %+v", s.get("User", in.ID).Index, s.get("User", held.ID).Index)
		}
		reconsider(0)
		s.wantActions(in.ID, audit.ActionCreate, audit.ActionHold)
		s.wantActions(held.ID, audit.ActionCreate, audit.ActionModify, audit.ActionRelease)
	})
}

// A User that was let in under other rules can still be deactivated; it is held, and cannot be brought back.
func TestPolicy_leaverUnderNewRules(t *testing.T) {
	eachSite(t, func(s *site) {
		r := s.create("User", `{"userName":"anna@corp.fr"}`)
		s.Policy = corpOnly{"other.fr"}
		off := s.modify(r, set("active", false))
		if off.Resource.Index.Active || off.Resource.Index.Hold == "" {
			t.Errorf("%+v", off.Resource.Index)
		}
		if e := s.entries(r.ID)[1]; e.Action != audit.ActionDeactivate || e.Reason == "" {
			t.Errorf("entry %+v", e)
		}
		s.unchanged(resources.ErrInvalidValue, "outside", func() error {
			_, err := s.Modify(t.Context(), s.caller, "User", r.ID, resources.Precondition{}, []resources.Operation{set("active", true)})
			return err
		})
		okta := s.caller
		okta.Switches.ReviveInactive = true
		s.unchanged(resources.ErrInvalidValue, "outside", func() error { // her like cannot come in again
			_, err := s.Create(t.Context(), okta, "User", decode(t, `{"userName":"anna@corp.fr","active":false}`))
			return err
		})
	})
}

// corpOnly refuses every userName outside one domain.
type corpOnly struct{ domain string }

func (p corpOnly) Judge(_ context.Context, _ string, doc resources.Document, _ int64) (resources.Judgement, error) {
	userName, _ := doc["userName"].(string)
	if domain, ok := resources.AddressDomain(userName); !ok || domain != p.domain {
		return resources.Judgement{}, resources.Errorf(resources.ErrInvalidValue, "userName", "%s is outside", domain)
	}
	return resources.Judgement{}, nil
}
