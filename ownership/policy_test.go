package ownership_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"proprio/ownership"
	"proprio/resources"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// rules are the rules of one company, as the policy reads them.
type rules struct {
	mode    ownership.OutsideMode
	domains []string
}

func (r rules) Rules(context.Context, string) (ownership.Rules, error) {
	return ownership.Rules{OutsideDomain: r.mode, Domains: r.domains, Generation: 1}, nil
}

func policy(mode ownership.OutsideMode, domains ...string) *ownership.Policy {
	return &ownership.Policy{Companies: rules{mode, domains}, Now: func() time.Time { return now }}
}

func email(value, typ string, primary bool) map[string]any {
	e := map[string]any{"value": value}
	if typ != "" {
		e["type"] = typ
	}
	if primary {
		e["primary"] = true
	}
	return e
}

// Every address trick, in every place that must hold a company address, in both modes.
func TestPolicy_everyAddressEverywhere(t *testing.T) {
	t.Parallel()
	places := []struct {
		path string
		doc  func(address string) resources.Document
	}{
		{"userName", func(a string) resources.Document { return resources.Document{"userName": a} }},
		{`emails[type eq "work"].value`, func(a string) resources.Document {
			return resources.Document{"userName": "jdoe", "emails": []any{email("jdoe@company.fr", "work", true), email(a, "work", false)}}
		}},
		{`emails[type eq "Work"].value`, func(a string) resources.Document {
			return resources.Document{"userName": "jdoe", "emails": []any{email(a, "Work", false)}}
		}},
		{`emails[type eq "home"].value`, func(a string) resources.Document {
			return resources.Document{"userName": "jdoe", "emails": []any{email(a, "home", true)}}
		}},
		{"emails[primary eq true].value", func(a string) resources.Document {
			return resources.Document{"userName": "jdoe", "emails": []any{email(a, "", true)}}
		}},
		{"emails.value", func(a string) resources.Document {
			return resources.Document{"userName": "jdoe", "emails": []any{email(a, "", false)}}
		}},
	}
	for _, tt := range matching {
		for _, place := range places {
			if tt.address == "" || place.path == "userName" && !strings.ContainsAny(tt.address, "@＠﹫") {
				continue // no address: nothing to bind
			}
			doc := place.doc(tt.address)
			_, err := policy(ownership.OutsideReject, "company.fr").Judge(t.Context(), "c", doc, 0)
			if (err == nil) != tt.in {
				t.Errorf("reject: %s %q: %v, want accepted = %v", place.path, tt.address, err, tt.in)
			}
			var domain *resources.Error
			if err != nil && (!errors.As(err, &domain) || !errors.Is(err, resources.ErrInvalidValue) ||
				domain.Path != place.path || !strings.Contains(domain.Detail, "allowed: company.fr")) {
				t.Errorf("reject: %s %q: error %#v does not name the path and the allowed domains", place.path, tt.address, err)
			}
			judged, err := policy(ownership.OutsideHold, "company.fr").Judge(t.Context(), "c", doc, 0)
			if err != nil || (judged.Hold == "") != tt.in {
				t.Errorf("hold: %s %q: %q, %v, want held = %v", place.path, tt.address, judged.Hold, err, !tt.in)
			}
		}
	}
}

func TestPolicy_namesTheDomain(t *testing.T) {
	t.Parallel()
	doc := resources.Document{"userName": "anna@evil.com", "emails": []any{email("anna@gmail.com", "work", true), email("a@evil.com", "work", false)}}
	_, err := policy(ownership.OutsideReject, "a.fr", "b.fr").Judge(t.Context(), "c", doc, 0)
	want := "userName: evil.com is not a verified domain of the company; allowed: a.fr, b.fr"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	judged, _ := policy(ownership.OutsideHold, "a.fr").Judge(t.Context(), "c", doc, 0)
	if want := "address outside the company's domains: evil.com, gmail.com"; judged.Hold != want {
		t.Errorf("hold %q, want %q", judged.Hold, want)
	}
	_, err = policy(ownership.OutsideReject).Judge(t.Context(), "c", doc, 0)
	if err == nil || !strings.Contains(err.Error(), "no verified domain yet: verify one first") {
		t.Errorf("without any verified domain: %v", err)
	}
	_, err = policy(ownership.OutsideReject, "a.fr").Judge(t.Context(), "c", resources.Document{"userName": "x@pending.fr"}, 0)
	if !errors.Is(err, resources.ErrInvalidValue) {
		t.Errorf("a domain that waits for its proof is in force: %v", err)
	}
}

// Only the types home and other make an e-mail private (RFC 7643 §4.1.2), and none does that apps take for the primary
// one: a password reset would go there.
func TestPolicy_whatAppsTakeForTheCompanysAddressIsBound(t *testing.T) {
	t.Parallel()
	const outside, inside = "evil@gmail.com", "bob@company.fr"
	list := func(emails ...any) []any { return emails }
	for _, tt := range []struct {
		name   string
		emails []any
		why    string // in the fault; empty: in force
	}{
		{"the only one", list(email(outside, "home", false)), "the first e-mail counts as the primary one"},
		{"the only one, in capitals", list(email(outside, "OTHER", false)), "the first e-mail counts as the primary one"},
		{"the first of two private ones", list(email(outside, "home", false), email(inside, "other", false)), "the first e-mail counts"},
		{"before one for work, of which alone apps are told", list(email(outside, "home", false), email(inside, "work", false)), ""},
		{"the first with a value", list(email("", "work", false), email(outside, "home", false)), "the first e-mail counts"},
		{"a primary one without a value does not count", list(email("", "work", true), email(outside, "home", false)), "the first e-mail counts"},
		{"a blank in the type", list(email(inside, "work", true), email(outside, "work ", false)), "gmail.com is a mail service"},
		{"an invisible character in the type", list(email(inside, "work", true), email(outside, "w\u200bork", false)), "gmail.com is a mail service"},
		{"a blank in a private type", list(email(inside, "work", true), email(outside, "home ", false)), "gmail.com is a mail service"},
		{"a type of one's own", list(email(inside, "work", true), email(outside, "recovery", false)), "gmail.com is a mail service"},
		{"the second of two, none primary", list(email(inside, "work", false), email(outside, "home", false)), ""},
		{"not the primary one", list(email(outside, "Home", false), email(inside, "work", true)), ""},
	} {
		doc := resources.Document{"userName": "bob", "emails": tt.emails}
		_, err := policy(ownership.OutsideReject, "company.fr").Judge(t.Context(), "c", doc, 0)
		if (err == nil) != (tt.why == "") || err != nil && !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: %v, want a fault that says %q", tt.name, err, tt.why)
		}
		judged, err := policy(ownership.OutsideHold, "company.fr").Judge(t.Context(), "c", doc, 0)
		if err != nil || (judged.Hold == "") != (tt.why == "") {
			t.Errorf("%s: hold %q, %v", tt.name, judged.Hold, err)
		}
	}
}

// What is bound is what apps are told; the rest is nobody's business there.
func TestBoundEmails(t *testing.T) {
	t.Parallel()
	a, b, c := email("a@gmail.com", "home", false), email("b@company.fr", "", true), email("c@company.fr", "Work", false)
	doc := resources.Document{"emails": []any{a, b, "no object", c, email("d@gmail.com", "Other", false)}}
	if diff := cmp.Diff([]any{b, c}, ownership.BoundEmails(doc)); diff != "" {
		t.Error(diff)
	}
	if got := ownership.BoundEmails(resources.Document{"emails": []any{a}}); len(got) != 1 {
		t.Errorf("the only e-mail counts as the primary one, got %v", got)
	}
}

// Private addresses that are neither primary nor of type work stay free.
func TestPolicy_privateAddressesAreFree(t *testing.T) {
	t.Parallel()
	doc := resources.Document{"userName": "jdoe", "emails": []any{
		email("jdoe@company.fr", "work", true), email("jdoe@gmail.com", "home", false), email("j@x.org", "other", false)}}
	judged, err := policy(ownership.OutsideReject, "company.fr").Judge(t.Context(), "c", doc, 0)
	if judged.Hold != "" || err != nil {
		t.Errorf("hold %q, error %v", judged.Hold, err)
	}
}

// Values of a shape no schema allows are judged without panic.
func TestPolicy_malformedDocuments(t *testing.T) {
	t.Parallel()
	for _, doc := range []resources.Document{
		nil, {}, {"userName": 7, "emails": "x"}, {"emails": []any{nil, 1, "a@evil.com", []any{}}},
		{"emails": []any{map[string]any{"value": 3, "type": true}}},
	} {
		if judged, err := policy(ownership.OutsideHold, "a.fr").Judge(t.Context(), "c", doc, 0); judged.Hold != "" || err != nil {
			t.Errorf("%v: hold %q, error %v", doc, judged.Hold, err)
		}
	}
	for name, ext := range map[string]any{
		"kind": map[string]any{"kind": 7}, "endDate": map[string]any{"endDate": "tomorrow"},
	} {
		_, err := policy(ownership.OutsideHold, "a.fr").Judge(t.Context(), "c", resources.Document{resources.SchemaOwnership: ext}, 0)
		var domain *resources.Error
		if !errors.As(err, &domain) || domain.Path != resources.SchemaOwnership+":"+name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// All but employees need a sponsor and an end date, together and in either mode (design.md, words).
func TestPolicy_kinds(t *testing.T) {
	t.Parallel()
	const end, past = "2026-12-31T00:00:00Z", "2020-01-01T00:00:00Z"
	sponsor := map[string]any{"value": "0197f2a0-0000-7000-8000-000000000001"}
	for _, tt := range []struct {
		name string
		ext  map[string]any
		path string // at fault; empty: accepted
	}{
		{"no extension", nil, ""},
		{"employee", map[string]any{"kind": "employee"}, ""},
		{"no kind", map[string]any{"startDate": past}, ""},
		{"contractor", map[string]any{"kind": "contractor", "sponsor": sponsor, "endDate": end}, ""},
		{"contractor in capitals", map[string]any{"kind": "Contractor", "sponsor": sponsor, "endDate": end}, ""},
		{"contractor whose end has passed can still be written", map[string]any{"kind": "contractor", "sponsor": sponsor, "endDate": past}, ""},
		{"service", map[string]any{"kind": "service", "sponsor": sponsor, "endDate": end}, ""},
		{"contractor without sponsor", map[string]any{"kind": "contractor", "endDate": end}, "sponsor"},
		{"contractor with an empty sponsor", map[string]any{"kind": "contractor", "sponsor": map[string]any{"value": " "}, "endDate": end}, "sponsor"},
		{"contractor without end date", map[string]any{"kind": "contractor", "sponsor": sponsor}, "endDate"},
		{"client without end date", map[string]any{"kind": "client", "sponsor": sponsor}, "endDate"},
		{"service without sponsor", map[string]any{"kind": "service", "endDate": end}, "sponsor"},
		{"unknown kind", map[string]any{"kind": "friend"}, "kind"},
		{"empty kind", map[string]any{"kind": ""}, "kind"},
		{"end date that is none", map[string]any{"endDate": "31/12/2026"}, "endDate"},
	} {
		for _, mode := range []ownership.OutsideMode{ownership.OutsideReject, ownership.OutsideHold} {
			doc := resources.Document{"userName": "x@company.fr"}
			if tt.ext != nil {
				doc[resources.SchemaOwnership] = tt.ext
			}
			_, err := policy(mode, "company.fr").Judge(t.Context(), "c", doc, 0)
			var domain *resources.Error
			switch {
			case tt.path == "" && err != nil:
				t.Errorf("%s, %s: %v", tt.name, mode, err)
			case tt.path != "" && (!errors.As(err, &domain) || domain.Path != resources.SchemaOwnership+":"+tt.path):
				t.Errorf("%s, %s: %v, want a fault at %s", tt.name, mode, err, tt.path)
			}
		}
	}
}

// A client's outside address needs an external access level, which nobody can have yet: refused, and told why.
func TestPolicy_clientWithOutsideAddress(t *testing.T) {
	t.Parallel()
	doc := func(end string) resources.Document {
		return resources.Document{"userName": "buyer@client.com", resources.SchemaOwnership: map[string]any{
			"kind": "client", "sponsor": map[string]any{"value": "x"}, "endDate": end}}
	}
	for end, missing := range map[string]string{
		"2026-12-31T00:00:00Z": "missing: an external access level, which cannot be given yet",
		"2020-12-31T00:00:00Z": "missing: an end date that has not passed, and an external access level, which cannot be given yet",
	} {
		_, err := policy(ownership.OutsideReject, "company.fr").Judge(t.Context(), "c", doc(end), 0)
		if err == nil || !strings.HasSuffix(err.Error(), missing) {
			t.Errorf("end %s: %v, want %s", end, err, missing)
		}
	}
	judged, err := policy(ownership.OutsideHold, "company.fr").Judge(t.Context(), "c", doc("2026-12-31T00:00:00Z"), 0)
	if judged.Hold != "address outside the company's domains: client.com" || err != nil {
		t.Errorf("hold %q, error %v", judged.Hold, err)
	}
}
