package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// shownExchanges is how many exchanges of a check the report keeps beside those that went wrong.
const shownExchanges = 12

// probe is one check under way. Its methods send requests and judge answers; a check reads as the list of both.
type probe struct {
	*suite
	ctx    context.Context
	result *Result
	level  Level
	raw    bool // answers may come from before the SCIM server: their envelope is not judged
}

// stop ends a check early. It never leaves this package: run recovers it.
type stop struct{}

// run makes the check and settles the verdict.
func (p *probe) run(check func(*probe)) {
	defer func() {
		if r := recover(); r != nil {
			if _, early := r.(stop); !early {
				panic(r)
			}
		}
		p.settle()
	}()
	check(p)
}

func (p *probe) settle() {
	r := p.result
	if r.Judged == 0 {
		r.Verdict = Skip
		return
	}
	r.Verdict = Pass
	for _, m := range r.Misses {
		r.miss(m.Level)
	}
}

// miss makes the verdict no better than a miss of that level allows.
func (r *Result) miss(level Level) {
	verdict := Warn
	if level == Must {
		verdict = Fail
	}
	if verdict.worse(r.Verdict) {
		r.Verdict = verdict
	}
}

// as judges a part of a check at another level than its requirement's.
func (p *probe) as(level Level, part func()) {
	own := p.level
	p.level = level
	defer func() { p.level = own }()
	part()
}

// skip ends the check: there is nothing (more) to judge, for this reason.
func (p *probe) skip(why string, args ...any) {
	p.result.Why = fmt.Sprintf(why, args...)
	panic(stop{})
}

// note says which of several right ways the server goes.
func (p *probe) note(format string, args ...any) {
	p.result.Notes = append(p.result.Notes, p.hide(fmt.Sprintf(format, args...)))
}

// judge records whether something is as it should be.
func (p *probe) judge(a *answer, right bool, want string, args ...any) {
	p.result.Judged++
	if right {
		return
	}
	if len(p.result.Misses) >= keptMisses && !p.worsens() {
		p.result.More++
		return
	}
	m := Miss{Level: p.level, Want: p.hide(fmt.Sprintf(want, args...)), Got: "something else"}
	if a != nil {
		e := a.Exchange
		m.Exchange, m.Got = &e, p.hide(a.describe())
	}
	p.result.Misses = append(p.result.Misses, m)
}

// worsens says whether a miss of the present level would be the worst so far.
func (p *probe) worsens() bool {
	return p.level == Must && !slices.ContainsFunc(p.result.Misses, func(m Miss) bool { return m.Level == Must })
}

// holds judges something that no single answer shows.
func (p *probe) holds(right bool, got, want string, args ...any) {
	before := len(p.result.Misses)
	p.judge(nil, right, want, args...)
	if len(p.result.Misses) > before {
		p.result.Misses[before].Got = p.hide(got)
	}
}

// describe says in a line what came back.
func (a *answer) describe() string {
	if a.err != nil {
		return "no answer: " + a.err.Error()
	}
	text := fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
	if scimType := a.text("scimType"); scimType != "" {
		text += " " + scimType
	}
	if detail := a.text("detail"); detail != "" {
		text += ": " + clip(detail)
	}
	return text
}

// send sends a request. body is text (sent as it is), nil, or what JSON can hold; headers are name and value in turn,
// and an empty value drops the header.
func (p *probe) send(method, path string, body any, headers ...string) answer {
	if p.o.ReadOnly && method != http.MethodGet && method != http.MethodHead && !strings.HasSuffix(path, "/.search") {
		p.skip("what writes was left out: the suite was asked for reads only")
	}
	if p.ctx.Err() != nil {
		p.skip("the run was interrupted")
	}
	r := request{method: method, path: path, headers: map[string]string{}}
	switch b := body.(type) {
	case nil:
	case string:
		r.body = []byte(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			panic("conformance: a check's body is no JSON: " + err.Error())
		}
		r.body = data
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.headers[headers[i]] = headers[i+1]
	}
	a := p.roundTrip(p.ctx, r)
	a.p = p
	if len(p.result.Exchanges) < shownExchanges {
		p.result.Exchanges = append(p.result.Exchanges, a.Exchange)
	}
	p.made.note(p.suite, &a)
	p.watch.see(p, &a)
	return a
}

func (p *probe) get(path string, headers ...string) answer {
	return p.send(http.MethodGet, path, nil, headers...)
}

// list queries an endpoint; parameters are name and value in turn.
func (p *probe) list(endpoint string, parameters ...string) answer {
	q := url.Values{}
	for i := 0; i+1 < len(parameters); i += 2 {
		q.Set(parameters[i], parameters[i+1])
	}
	return p.get(endpoint + "?" + strings.ReplaceAll(q.Encode(), "+", "%20"))
}

// patch sends a PATCH of operations.
func (p *probe) patch(path string, operations ...object) answer {
	return p.send(http.MethodPatch, path, patchOf(operations...))
}

func patchOf(operations ...object) object {
	return object{"schemas": []string{schemaPatchOp}, "Operations": operations}
}

// op is an operation; a nil value is left out.
func op(name, path string, value any) object {
	o := object{"op": name}
	if path != "" {
		o["path"] = path
	}
	if value != nil {
		o["value"] = value
	}
	return o
}
