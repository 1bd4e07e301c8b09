package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// watch looks at every answer of the run, whatever check it belongs to, for what every answer must be.
type watch struct {
	misses map[string][]Miss // by requirement
	judged int
}

// see judges one answer.
func (w *watch) see(p *probe, a *answer) {
	if a.err != nil {
		w.miss(p, a, "R58", Must, "an answer")
		return
	}
	w.judged++
	if a.status >= 500 && a.status != http.StatusNotImplemented && a.status != http.StatusServiceUnavailable {
		w.miss(p, a, "R58", Must, "a status below 500")
	}
	if p.raw || slices.Contains([]int{http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, a.status) {
		return // a proxy or the HTTP library answers these, before the SCIM server is asked
	}
	w.envelope(p, a)
	if a.Method == http.MethodHead || a.status == http.StatusNotModified {
		return
	}
	if a.status >= 400 {
		w.errorBody(p, a)
	}
	w.emptiness(p, a)
}

func (w *watch) envelope(p *probe, a *answer) {
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	switch {
	case a.status == http.StatusNoContent:
		if len(a.body) > 0 {
			w.miss(p, a, "R01", Must, "no body with 204")
		}
	case len(a.body) > 0 && !strings.EqualFold(strings.TrimSpace(kind), mediaType):
		w.miss(p, a, "R01", Must, fmt.Sprintf("Content-Type %s, not %q", mediaType, a.header.Get("Content-Type")))
	}
}

func (w *watch) errorBody(p *probe, a *answer) {
	schemas, _ := a.at("schemas").([]any)
	switch {
	case !slices.Contains(schemas, any(schemaError)):
		w.miss(p, a, "R02", Must, "a body with the schema "+schemaError)
	case a.text("status") != fmt.Sprint(a.status):
		w.miss(p, a, "R02", Must, fmt.Sprintf("status is the text %q, not %s", fmt.Sprint(a.status), literal(a.at("status"))))
	case a.at("scimType") != nil && !slices.Contains(scimTypes(), a.text("scimType")):
		w.miss(p, a, "R02", Must, fmt.Sprintf("a scimType of RFC 7644 table 9, not %s", literal(a.at("scimType"))))
	}
}

func scimTypes() []string {
	return []string{"invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget",
		"invalidValue", "invalidVers", "sensitive", "invalidCursor", "expiredCursor", "invalidCount"}
}

// emptiness looks for what says nothing: null, and empty objects (RFC 7643 §2.5).
func (w *watch) emptiness(p *probe, a *answer) {
	if a.status >= 300 {
		return
	}
	if where := blank(a.value, ""); where != "" {
		w.miss(p, a, "R08", Should, "nothing at "+where+" rather than null or an empty object")
	}
}

// blank finds the first null or empty extension in a body.
func blank(v any, where string) string {
	switch v := v.(type) {
	case object:
		for _, key := range sortedKeys(v) {
			inner, at := v[key], strings.TrimPrefix(where+"."+key, ".")
			if o, ok := inner.(object); inner == nil || ok && len(o) == 0 {
				return at
			}
			if found := blank(inner, at); found != "" {
				return found
			}
		}
	case []any:
		for _, inner := range v {
			if found := blank(inner, where+"[]"); found != "" {
				return found
			}
		}
	}
	return ""
}

func (w *watch) miss(p *probe, a *answer, id string, level Level, want string) {
	if w.misses == nil {
		w.misses = map[string][]Miss{}
	}
	if len(w.misses[id]) < keptMisses {
		e := a.Exchange
		w.misses[id] = append(w.misses[id], Miss{Level: level, Want: p.hide(want), Got: p.hide(a.describe()), Exchange: &e})
	}
}

// add gives a requirement what was seen of it on the way.
func (w *watch) add(r *Result) {
	if !slices.Contains([]string{"R01", "R02", "R08", "R58"}, r.ID) {
		return
	}
	if w.judged > 0 && r.Verdict == Skip && r.Hidden == "" {
		r.Verdict, r.Judged = Pass, w.judged
	}
	for _, m := range w.misses[r.ID] {
		r.Misses = append(r.Misses, m)
		r.miss(m.Level)
	}
}
