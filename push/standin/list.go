package standin

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// eqFilter is the only form of a filter that every product takes.
var eqFilter = regexp.MustCompile(`^([A-Za-z.]+) eq ("(?:[^"\\]|\\.)*")$`)

func (s *Server) list(r *http.Request, kind string, held table) answer {
	query := r.URL.Query()
	selects, a, ok := s.selection(kind, query.Get("filter"))
	if !ok {
		return a
	}
	found := []string{}
	for id, doc := range held {
		if !s.ListsNothing && selects(doc) && !(byHand(id) && kind == kindUsers && s.Profile.Users.ListsOwn) {
			found = append(found, id)
		}
	}
	slices.SortFunc(found, byAge)
	page, start := found, 1
	if s.Profile.Paging.Style == "index" {
		start, _ = strconv.Atoi(query.Get("startIndex"))
		start = max(start, 1)
		count, err := strconv.Atoi(query.Get("count"))
		if err != nil || count > s.Profile.Paging.Size {
			count = s.Profile.Paging.Size
		}
		first := min(start-1, len(found))
		page = found[first:min(first+max(count, 0), len(found))]
	}
	shown := []document{}
	for _, id := range page {
		shown = append(shown, s.shown(held[id]))
	}
	return answer{status: http.StatusOK, body: document{
		"schemas":      []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"},
		"totalResults": len(found), "startIndex": start, "itemsPerPage": len(page), "Resources": shown,
	}}
}

// byAge orders ids as they were given: what is new comes at the end, so that who reads page by page sees nothing twice.
func byAge(a, b string) int { return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a, b)) }

// number is what an id that was given here ends in.
func number(id string) int {
	n, _ := strconv.Atoi(id[strings.LastIndexByte(id, '-')+1:])
	return n
}

// selection reads a filter on one of the attributes that the product can look up.
func (s *Server) selection(kind, filter string) (func(document) bool, answer, bool) {
	if filter == "" {
		return func(document) bool { return true }, answer{}, true
	}
	known := []string{s.Profile.Match.User}
	if kind == kindGroups {
		known = []string{s.Profile.Match.Group}
	}
	if s.Profile.Match.ExternalID {
		known = append(known, "externalId")
	}
	m := eqFilter.FindStringSubmatch(filter)
	if m == nil || !slices.Contains(known, m[1]) {
		return nil, refused(http.StatusBadRequest, "invalidFilter", "want "+strings.Join(known, " or ")+` eq "…", not `+filter), false
	}
	want, err := strconv.Unquote(m[2])
	if err != nil {
		return nil, refused(http.StatusBadRequest, "invalidFilter", filter), false
	}
	equal := strings.EqualFold
	if s.Profile.Answers.ExactFilter || m[1] == "externalId" {
		equal = func(a, b string) bool { return a == b }
	}
	name, sub, complex := strings.Cut(m[1], ".")
	return func(doc document) bool {
		if !complex {
			have, _ := doc[name].(string)
			return equal(have, want)
		}
		list, _ := doc[name].([]any)
		return slices.ContainsFunc(list, func(v any) bool {
			have, _ := v.(map[string]any)[sub].(string)
			return equal(have, want)
		})
	}, answer{}, true
}
