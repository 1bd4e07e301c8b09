package ownership

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"proprio/resources"
)

// boundAddress is an address of a User that must be in a company domain.
type boundAddress struct {
	path   string // of the attribute, as a client writes it
	value  string
	domain string // normalised; empty when the value has none
	why    string // it is bound, where that does not show
}

// outsideAddresses returns the addresses of a User that are bound to the company's domains and are in none of them:
// userName when it is an address, the post, and the e-mails that stand for the person at work.
func outsideAddresses(doc resources.Document, allowed []string) []boundAddress {
	var outside []boundAddress
	add := func(path, value, why string) {
		if domain, in := Within(value, allowed); !in {
			outside = append(outside, boundAddress{path: path, value: value, domain: domain, why: why})
		}
	}
	if name := text(doc["userName"]); IsAddress(name) {
		add("userName", name, "")
	}
	if post := text(object(doc[resources.SchemaOwnership])["post"]); post != "" {
		add(resources.PathPost, post, "")
	}
	all := emailsOf(doc)
	for i, e := range all {
		if e.Value == "" || !bound(all, i) {
			continue
		}
		why := ""
		if !e.Primary && isPrivate(e) {
			why = "; the first e-mail counts as the primary one when none is marked and none is for work"
		}
		add(emailPath(e), e.Value, why)
	}
	return outside
}

// BoundEmails returns the e-mails of a User, as they are in its document, that the domain policy binds: those that stand
// for the person at work. The others are the person's own business, and no app's.
func BoundEmails(doc resources.Document) []any {
	var kept []any
	all := emailsOf(doc)
	for i, v := range list(doc["emails"]) {
		if object(v) != nil && bound(all, i) {
			kept = append(kept, v)
		}
	}
	return kept
}

// emailsOf reads a User's e-mails, in their order.
func emailsOf(doc resources.Document) []resources.Email {
	var out []resources.Email
	for _, v := range list(doc["emails"]) {
		e := object(v)
		out = append(out, resources.Email{Value: text(e["value"]), Type: text(e["type"]), Primary: e["primary"] == true})
	}
	return out
}

// bound says whether an e-mail stands for the person at work, so that a password can be reset through it: it is the
// primary one, it is the one that apps take for the primary one, or it is not expressly private.
func bound(emails []resources.Email, i int) bool {
	return !isPrivate(emails[i]) || emails[i].Primary || i == leading(emails)
}

// isPrivate says whether an e-mail's type is one of the two that RFC 7643 §4.1.2 has besides work. Any other type, a
// misspelt one too, or none is read as work: what an app would make of it is not known.
func isPrivate(e resources.Email) bool {
	return strings.EqualFold(e.Type, "home") || strings.EqualFold(e.Type, "other")
}

// leading is the index of the e-mail that counts as primary when none is marked and all are private; -1 otherwise. Beside
// a work address a private one stays private: no app is told of it.
func leading(emails []resources.Email) int {
	if slices.ContainsFunc(emails, func(e resources.Email) bool { return e.Value != "" && (e.Primary || !isPrivate(e)) }) {
		return -1
	}
	return slices.IndexFunc(emails, func(e resources.Email) bool { return e.Value != "" })
}

// emailPath is the path of an e-mail's value as a client would write it.
func emailPath(e resources.Email) string {
	switch {
	case e.Type != "":
		quoted, _ := json.Marshal(e.Type) // a string always marshals
		return "emails[type eq " + string(quoted) + "].value"
	case e.Primary:
		return "emails[primary eq true].value"
	}
	return "emails.value"
}

// fault says what is wrong with an address and what would be right.
func (a boundAddress) fault(allowed []string) string {
	rule := "the company has no verified domain yet: verify one first"
	if len(allowed) > 0 {
		rule = "allowed: " + strings.Join(allowed, ", ")
	}
	rule += a.why
	switch _, ok := AddressDomain(a.value); {
	case ok && IsConsumerDomain(a.domain):
		return fmt.Sprintf("%s is a mail service open to anyone, not a domain of the company; %s", a.domain, rule)
	case ok:
		return fmt.Sprintf("%s is not a verified domain of the company; %s", a.domain, rule)
	case a.domain != "":
		return fmt.Sprintf("the address before @%s can be read in more than one way; use name@domain, %s", a.domain, rule)
	}
	return fmt.Sprintf("the address has no valid domain after its last @; %s", rule)
}

// holdReason says in stable words why a User is on hold. It names domains, never a person.
func holdReason(outside []boundAddress) string {
	var domains []string
	for _, a := range outside {
		name := a.domain
		if _, ok := AddressDomain(a.value); !ok {
			name = a.path + " is no plain address"
		}
		if !slices.Contains(domains, name) {
			domains = append(domains, name)
		}
	}
	return "address outside the company's domains: " + strings.Join(domains, ", ")
}

// text, list and object read a value of decoded JSON; a value of another type reads as empty.
func text(v any) string { s, _ := v.(string); return s }

func list(v any) []any { l, _ := v.([]any); return l }

func object(v any) map[string]any { o, _ := v.(map[string]any); return o }
