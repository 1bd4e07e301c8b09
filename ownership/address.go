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
}

// outsideAddresses returns the addresses of a User that are bound to the company's domains and are in none of them:
// userName when it is an address, and every e-mail that [bound] names.
func outsideAddresses(doc resources.Document, allowed []string) []boundAddress {
	var outside []boundAddress
	add := func(path, value string) {
		domain, ok := AddressDomain(value)
		if !ok || !slices.Contains(allowed, domain) {
			outside = append(outside, boundAddress{path: path, value: value, domain: domain})
		}
	}
	if name := text(doc["userName"]); IsAddress(name) {
		add("userName", name)
	}
	for _, v := range list(doc["emails"]) {
		e := object(v)
		email := resources.Email{Value: text(e["value"]), Type: text(e["type"]), Primary: e["primary"] == true}
		if email.Value != "" && bound(email) {
			add(emailPath(email), email.Value)
		}
	}
	return outside
}

// bound says whether an e-mail stands for the person at work, so that a password can be reset through it: it is
// primary, of type work, or of no type, which apps read as work.
func bound(e resources.Email) bool {
	return e.Primary || e.Type == "" || strings.EqualFold(e.Type, "work")
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
