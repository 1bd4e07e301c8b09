package console

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"proprio/resources"
)

// formatter is what templates can call: texts, dates and badges in one language and one time zone.
type formatter struct {
	*catalog
	zone    *time.Location
	now     func() time.Time
	assets  map[string]string // static file → its address
	looks   map[string]map[string]look
	phrases []phrase // French of the engine's sentences
}

// dateTime is 21/11/2026 14:30 in French, 21 Nov 2026, 14:30 in English; the spaces do not break.
func (f formatter) dateTime(t time.Time) string {
	if f.lang == French {
		return t.In(f.zone).Format("02/01/2006\u00a015:04")
	}
	return t.In(f.zone).Format("2\u00a0Jan\u00a02006,\u00a015:04")
}

func (f formatter) date(t time.Time) string {
	if f.lang == French {
		return t.In(f.zone).Format("02/01/2006")
	}
	return t.In(f.zone).Format("2\u00a0Jan\u00a02006")
}

// when is a time element, or the message `otherwise` in its place when the time is not set.
func (f formatter) when(t time.Time, otherwise string) (template.HTML, error) {
	if t.IsZero() {
		s, err := f.text(otherwise)
		return template.HTML(`<span class="muted">` + template.HTMLEscapeString(s) + `</span>`), err
	}
	return timeElement(t, f.dateTime(t)), nil
}

// day is when without the hour.
func (f formatter) day(t time.Time, otherwise string) (template.HTML, error) {
	if t.IsZero() {
		return f.when(t, otherwise)
	}
	return timeElement(t, f.date(t)), nil
}

func timeElement(t time.Time, text string) template.HTML {
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t.UTC().Format(time.RFC3339), template.HTMLEscapeString(text)))
}

// distance tells how far a time is: "il y a 3 min", "dans 12 jours".
func (f formatter) distance(t time.Time) (string, error) {
	d := f.now().Sub(t)
	prefix := "time.ago."
	if d < 0 {
		d, prefix = -d, "time.in."
	}
	switch {
	case d < time.Minute:
		return f.text("time.now")
	case d < time.Hour:
		return f.text(prefix+"minutes", "n", int(d.Minutes()))
	case d < 48*time.Hour:
		return f.text(prefix+"hours", "n", int(d.Hours()))
	case d < 2*365*24*time.Hour:
		return f.text(prefix+"days", "n", int(d.Hours()/24))
	}
	return f.text(prefix+"years", "n", int(d.Hours()/24/365))
}

// took is how long something lasted.
func (f formatter) took(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d\u00a0ms", d.Milliseconds())
	}
	if f.lang == French {
		s := fmt.Sprintf("%.1f", d.Seconds())
		return s[:len(s)-2] + "," + s[len(s)-1:] + "\u00a0s"
	}
	return fmt.Sprintf("%.1f\u00a0s", d.Seconds())
}

// attempt says in words what the push engine did in an app, and what for.
func (f formatter) attempt(action, why string) string {
	s := f.word("attempt", action)
	if why != "" {
		s += " · " + f.told(why)
	}
	return s
}

// reason says why something was done or refused: from the closed sets of ownership, oidc and push, else as it is written.
func (f formatter) reason(value string) string {
	if s := f.word("reason", value); s != value {
		return s
	}
	return f.told(value)
}

// longestReason is more than any reason has before what it names.
const longestReason = 200

// why is a reason of the push engine. Some name, after a colon, what decided: an expression, or why somebody is on hold.
func (f formatter) why(value string) string {
	colon := ": "
	if f.lang == French {
		colon = "\u00a0: "
	}
	for at := len(value); at > 0; at = strings.LastIndex(value[:min(at, longestReason)], ": ") {
		words := f.word("why", value[:at])
		if words == value[:at] {
			continue
		}
		if at == len(value) {
			return words
		}
		return words + colon + value[at+2:]
	}
	return value
}

// say is a text of a product's profile.
func (f formatter) say(t Text) string {
	if f.lang == French {
		return t.FR
	}
	return t.EN
}

// hold says in words why a User is not in force. The reason that the directory keeps is one English sentence for
// identity providers; what it names after the colon is what a reader needs.
func (f formatter) hold(reason string) (string, error) {
	if reason == resources.HoldPostTaken {
		return f.text("hold.post")
	}
	_, domains, found := strings.Cut(reason, ": ")
	if !found {
		return reason, nil
	}
	return f.text("hold.domains", "domains", domains)
}
