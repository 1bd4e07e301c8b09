package resources

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits on what is stored. The shorter one is for text that look-ups go by: a Postgres index cannot hold much more.
const (
	maxText   = 64 << 10 // bytes
	maxKey    = 1 << 10  // bytes
	maxValues = 10_000   // of one multi-valued attribute

	maxAddresses = 1000 // e-mail addresses of one User, each of which is looked for
)

// validate checks a document in the schema's form. The error names the path of the attribute at fault.
func (rt *ResourceType) validate(doc Document) error {
	for _, urn := range rt.required {
		if doc[urn] == nil {
			return Errorf(ErrInvalidValue, urn, "Every %s needs attributes of the extension %s.", rt.Name, urn)
		}
	}
	for _, a := range rt.all() {
		v := doc.get(a)
		expected := a.Required && a.Mutability != "readOnly" && (!a.extension || doc[a.Schema] != nil)
		if expected && (v == nil || blank(v)) {
			return Errorf(ErrInvalidValue, a.String(), "%s is required and must not be empty.", a)
		}
		if v == nil {
			continue
		}
		if err := check(a, v); err != nil {
			return err
		}
	}
	return checkPeriod(rt, doc)
}

func blank(v any) bool {
	s, ok := v.(string)
	return ok && strings.TrimSpace(s) == ""
}

// check looks at one attribute's value or values.
func check(a *Attribute, v any) error {
	values, ok := v.([]any)
	if !ok {
		return checkOne(a, v)
	}
	if most := a.mostValues(); len(values) > most {
		return Errorf(ErrInvalidValue, a.String(), "%s takes at most %d values, not %d.", a, most, len(values))
	}
	for _, e := range values {
		if err := checkOne(a, e); err != nil {
			return err
		}
	}
	return nil
}

// mostValues is how many values an attribute may have.
func (a *Attribute) mostValues() int {
	if a.holdsAddresses() {
		return maxAddresses
	}
	return maxValues
}

func checkOne(a *Attribute, v any) error {
	switch v := v.(type) {
	case string:
		return checkString(a, v)
	case map[string]any:
		for _, sub := range a.Sub {
			e, there := v[sub.Name]
			if sub.Required && !there && sub.Mutability != "readOnly" {
				return Errorf(ErrInvalidValue, sub.String(), "%s is required.", sub)
			}
			if !there {
				continue
			}
			if err := check(sub, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkString(a *Attribute, s string) error {
	if err := checkLength(a, s); err != nil {
		return err
	}
	switch a.Kind {
	case KindDateTime:
		if _, ok := parseDateTime(s); !ok {
			return Errorf(ErrInvalidValue, a.String(), "%s takes %s, not %s.", a, example(a.Kind), a.echo(s))
		}
	case KindBinary:
		if _, err := base64.StdEncoding.DecodeString(s); err != nil {
			return Errorf(ErrInvalidValue, a.String(), "%s takes binary data in base64 (RFC 4648 §4).", a)
		}
	case KindReference:
		if _, err := url.Parse(s); err != nil || strings.ContainsFunc(s, unicode.IsSpace) {
			return Errorf(ErrInvalidValue, a.String(), "%s takes a URI, not %s.", a, a.echo(s))
		}
	case KindString:
		if a.closed() && !isCanonical(a, s) {
			return Errorf(ErrInvalidValue, a.String(), "%s takes one of %s, not %q.", a, strings.Join(a.Canonical, ", "), shorten(s))
		}
	}
	return checkPattern(a, s)
}

// checkPattern holds a text against its attribute's pattern (RFC 9944).
func checkPattern(a *Attribute, s string) error {
	switch {
	case a.Pattern == nil:
		return nil
	case len(s) > maxPatternText:
		return Errorf(ErrInvalidValue, a.String(), "%s takes %d bytes at most, for it has a pattern.", a, maxPatternText)
	case a.Pattern.MatchString(s):
		return nil
	}
	return Errorf(ErrInvalidValue, a.String(), "%s must match the pattern %s; %s does not.", a, patternText(a.Pattern), a.echo(s))
}

// echo is a value as an error message may repeat it.
func (a *Attribute) echo(v any) string {
	if a.Hidden {
		return "what was sent"
	}
	return shorten(literal(v))
}

func isCanonical(a *Attribute, s string) bool {
	for _, c := range a.Canonical {
		if c == s {
			return true
		}
	}
	return false
}

// checkLength also refuses text that no database column takes; what comes over HTTP was decoded by [DecodeObject], which
// names the place, but imports and forms come another way.
func checkLength(a *Attribute, s string) error {
	limit := maxText
	if a.looksUp() {
		limit = maxKey
	}
	if len(s) > limit {
		return Errorf(ErrInvalidValue, a.String(), "%s is too long: it takes at most %d bytes, not %d.", a, limit, len(s))
	}
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return Errorf(ErrInvalidValue, a.String(), "%s holds characters that cannot be stored.", a)
	}
	return nil
}

// looksUp says whether the store indexes the attribute's text.
func (a *Attribute) looksUp() bool {
	switch a.String() {
	case "userName", "displayName", "externalId", "emails.value", "emails.type":
		return true
	}
	return false
}

var dateTime = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?$`)

// parseDateTime reads an xsd:dateTime with date and time (RFC 7643 §2.3.5) of the years 1 to 9999, which is what every
// database and every language of a client can hold.
func parseDateTime(s string) (time.Time, bool) {
	t, ok := Instant(s)
	return t, ok && dateTime.MatchString(s) && t.Year() >= 1 && t.Year() <= 9999
}

// checkPeriod refuses an end before the beginning (ownership extension).
func checkPeriod(rt *ResourceType, doc Document) error {
	if rt.Extension(SchemaOwnership) == nil {
		return nil
	}
	extension, _ := doc[SchemaOwnership].(map[string]any)
	start, _ := extension["startDate"].(string)
	end, _ := extension["endDate"].(string)
	from, ok := parseDateTime(start)
	to, okTo := parseDateTime(end)
	if ok && okTo && to.Before(from) {
		return Errorf(ErrInvalidValue, SchemaOwnership+":endDate", "endDate must not be before startDate.")
	}
	return nil
}
