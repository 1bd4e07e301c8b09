package scim

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// sight is one request as an observer sees it.
type sight struct {
	agent  string
	asks   bool // there is a query
	header http.Header
	call   string // method, path below the base and query, decoded: GET /Users?filter=userName eq "x"
	body   []byte
	status int
}

func sightOf(r *http.Request, e *event) sight {
	path := r.URL.Path
	if len(path) >= len(BasePath) && strings.EqualFold(path[:len(BasePath)], BasePath) {
		path = path[len(BasePath):]
	}
	query := r.URL.RawQuery
	if query != "" {
		query = "?" + unescape(strings.ReplaceAll(query, "+", " "))
	}
	return sight{agent: r.UserAgent(), asks: query != "", header: r.Header, call: r.Method + " " + path + query, body: e.request, status: e.status}
}

// By what a client is recognised, the surest first.
const (
	byHeader    = "header"     // a header that no other sends
	byUserAgent = "user-agent" // the name it gives itself
	byRequest   = "request"    // a request that no other sends
	bySequence  = "sequence"   // requests that this one sends in a row
)

var surest = []string{byHeader, byUserAgent, byRequest, bySequence}

// clue tells a client (by the name of its preset) from one request or from several in a row. What is known of clients is
// in clients.md, sections 1 to 4.
type clue struct {
	client string
	by     string
	one    func(sight) bool
	row    []pattern // found in this order among the last requests, "METHOD /path?query status" each
	tight  bool      // with nothing between them but reads of single resources
}

// pattern is an expression in any letter case, and what a text it fits begins with. Nearly every request is none that
// is looked for, and is passed over by its beginning.
type pattern struct {
	begin      string
	expression *regexp.Regexp
}

// newPattern makes a pattern that holds from the beginning.
func newPattern(expression string) pattern {
	begin := expression
	if i := strings.IndexAny(begin, `?\(.[*+`); i >= 0 {
		begin = begin[:i]
		if expression[i] == '?' || expression[i] == '*' { // the character before need not be there
			begin = begin[:i-1]
		}
	}
	return pattern{begin, regexp.MustCompile("(?i)^" + expression)}
}

func (p pattern) begins(text string) bool {
	return len(text) >= len(p.begin) && strings.EqualFold(text[:len(p.begin)], p.begin)
}

func (p pattern) fits(text string) bool { return p.begins(text) && p.expression.MatchString(text) }

// containsFold says whether a text holds ASCII text, in any letter case.
func containsFold(text, part string) bool {
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i]|0x20 == part[0]|0x20 && strings.EqualFold(text[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

// quotesGUID says whether a text ends with as many characters in quotation marks as a GUID has.
func quotesGUID(text string) bool {
	const quoted = 38
	return len(text) > quoted && text[len(text)-1] == '"' && text[len(text)-quoted] == '"'
}

// guid is what Entra's connection test looks for.
const guid = `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`

// clues are tried in order.
func clues() []clue {
	agent := func(client string, names ...string) clue {
		return clue{client: client, by: byUserAgent, one: func(s sight) bool {
			have := strings.ToLower(s.agent)
			return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(have, name) })
		}}
	}
	call := func(client, holds, expression string) clue { // of requests with a query that holds something
		p := newPattern(expression)
		return clue{client: client, by: byRequest, one: func(s sight) bool {
			return s.asks && containsFold(s.call, holds) && p.fits(s.call)
		}}
	}
	row := func(client string, patterns ...string) clue {
		c := clue{client: client, by: bySequence}
		for _, p := range patterns {
			c.row = append(c.row, newPattern(p))
		}
		return c
	}
	tight := func(c clue) clue {
		c.tight = true
		return c
	}
	random := newPattern(`GET /Users/?\?filter=\S+ eq "` + guid + `"$`)
	return []clue{
		{client: "entra", by: byHeader, one: func(s sight) bool { return s.header.Get("Adscimversion") != "" }},
		agent("okta", "okta"), agent("authentik", "authentik"), agent("onelogin", "onelogin"), agent("jumpcloud", "jumpcloud"),
		agent("ping", "pingone", "pingfederate", "pingidentity"), agent("cyberark", "cyberark", "idaptive"),
		agent("sailpoint", "sailpoint"), agent("rippling", "rippling"), agent("google", "google"), agent("entra", "azuread", "azure-ad"),
		call("entra", "aadOptscim062020", `.*[?&]aadOptscim062020`),
		{client: "entra", by: byRequest, one: func(s sight) bool { return s.asks && quotesGUID(s.call) && random.fits(s.call) }},
		call("okta", "?startIndex=1&count=2", `GET /Users/?\?startIndex=1&count=2$`),
		call("ping", "filter=emails eq ", `GET /Users/?\?(.*&)?filter=emails eq `),
		{client: "onelogin", by: byRequest, one: func(s sight) bool { return bytes.Contains(s.body, []byte("urn:scim:schemas:core:1.0")) }},
		tight(row("jumpcloud", `POST /Users/? 201`, `POST /Groups/? 201`, `DELETE /(Users|Groups)/\S+ 204`, `DELETE /(Users|Groups)/\S+ 204`)),
		row("authentik", `GET /ServiceProviderConfig/? 200`, `POST /Users/? 409`, `GET /Users/?\?.*filter=userName eq .* 200`),
		row("sailpoint", `GET /ResourceTypes/? 200`, `GET /Schemas/? 200`, `GET /ResourceTypes/User 200`, `GET /Schemas/urn\S+ 200`),
		row("cyberark", `GET /ResourceTypes/User 200`, `GET /ResourceTypes/Group 200`, `GET /Schemas/urn\S+ 200`),
		tight(row("rippling", `GET /ServiceProviderConfig/? 200`, `GET /Users/?\?.*filter=externalId eq .* 200`, `POST /Users/? 201`)),
	}
}

// trail is how many requests of a connection are remembered for clues that need several.
const trail = 12

// recognizer finds out which client a connection has. What it finds is shown, and nothing else: a client that is taken
// for another must not be treated as another.
type recognizer struct {
	clues  []clue
	client string
	by     string
	agent  string   // the last one; what it tells is known
	calls  []string // the last ones
}

// see looks at a request; news says whether it told more than was known.
func (r *recognizer) see(s sight) (news bool) {
	if len(r.calls) == trail {
		r.calls = r.calls[:copy(r.calls, r.calls[1:])]
	}
	r.calls = append(r.calls, s.call+" "+strconv.Itoa(s.status))
	told := s.agent == r.agent
	r.agent = s.agent
	for _, c := range r.clues {
		if told && c.by == byUserAgent {
			continue
		}
		if !r.surer(c) || c.one != nil && !c.one(s) || c.row != nil && !c.inARow(r.calls) {
			continue
		}
		r.client, r.by = c.client, c.by
		return true
	}
	return false
}

// surer says whether a clue would tell more than what is known, or what is as sure and newer.
func (r *recognizer) surer(c clue) bool {
	if r.client == c.client && r.by == c.by {
		return false
	}
	return r.by == "" || slices.Index(surest, c.by) <= slices.Index(surest, r.by)
}

// read is a read of one resource.
var read = regexp.MustCompile(`^GET /\w+/[^/?]+ 200$`)

// inARow says whether the calls have the clue's patterns in their order, and end with the last of them.
func (c clue) inARow(calls []string) bool {
	next := len(c.row) - 1
	if !c.row[next].begins(calls[len(calls)-1]) || !slices.ContainsFunc(calls, c.row[0].begins) {
		return false
	}
	for i := len(calls) - 1; i >= 0 && next >= 0; i-- {
		switch {
		case c.row[next].fits(calls[i]):
			next--
		case i == len(calls)-1, c.tight && !read.MatchString(calls[i]):
			return false
		}
	}
	return next < 0
}
