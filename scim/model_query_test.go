package scim_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// list is GET with a filter, a page and a choice of attributes.
func (s *steps) list(typ string) modelStep {
	query := url.Values{}
	found := s.model.of(typ)
	if !s.oneIn(4) {
		f := s.filter(typ, s.IntN(4))
		query.Set(s.anyCase("filter"), f.text)
		found = only(found, func(r *modelResource) bool { return f.holds(s.model, r) })
	}
	start, count := 1, len(found)
	if s.oneIn(3) {
		start = s.IntN(8) - 1
		query.Set("startIndex", fmt.Sprint(start))
	}
	if s.oneIn(3) {
		count = s.IntN(6) - 1
		query.Set("count", fmt.Sprint(count))
	}
	attributes, excluded, chosen := s.projection(typ)
	want := s.model.listed(found, max(start, 1), max(count, 0), attributes, excluded)
	step := modelStep{method: "GET", path: "/" + typ + "s?" + query.Encode() + chosen, status: 200, compare: func(got object) error {
		if diff := cmp.Diff(want, inListOrder(got)); diff != "" {
			return fmt.Errorf("the list is another (-want +got):\n%s", diff)
		}
		return nil
	}}
	if chosen == "" && s.oneIn(3) { // the same question as a body (RFC 7644 §3.4.3)
		search := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}}
		for name, values := range query {
			search[name] = values[0]
		}
		step.method, step.path, step.body = "POST", "/"+typ+"s/.search", search
	}
	return step
}

// projection chooses attributes.
func (s *steps) projection(typ string) (attributes, excluded []string, query string) {
	names := slices.Concat([]string{"meta"}, modelGroupHas)
	if typ == "User" {
		names = slices.Concat([]string{"meta", "groups", "active", "name"}, modelTexts, modelLists)
	}
	var chosen, written []string
	for range 1 + s.IntN(3) {
		name := pick(s, names...)
		chosen = append(chosen, name)
		if slices.Contains(modelExtension, name) {
			name = enterpriseURN + ":" + name
		}
		written = append(written, s.anyCase(name))
	}
	switch s.IntN(4) {
	case 0:
		return chosen, nil, "&attributes=" + strings.Join(written, ",")
	case 1:
		return nil, chosen, "&excludedAttributes=" + strings.Join(written, ",")
	}
	return nil, nil, ""
}

// listed is a ListResponse (RFC 7644 §3.4.2).
func (m *model) listed(found []*modelResource, start, count int, attributes, excluded []string) object {
	page := []object{}
	for i, r := range found {
		if i+1 >= start && len(page) < count {
			page = append(page, project(m.show(r), attributes, excluded))
		}
	}
	return plain(object{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"}, "totalResults": len(found),
		"startIndex": start, "itemsPerPage": len(page), "Resources": page,
	}).(object)
}

func inListOrder(list object) object {
	page, _ := list["Resources"].([]any)
	for _, r := range page {
		inOrder(r.(object))
	}
	return list
}

// bulk is several changes in one request (RFC 7644 §3.7). What one of them creates, a later one may refer to.
func (s *steps) bulk() modelStep {
	inner := &steps{Rand: s.Rand, model: s.model, inner: true}
	step := modelStep{method: "POST", path: "/Bulk", status: 200}
	limit, failed := s.IntN(4), 0
	var ops []object
	for range 1 + s.IntN(5) {
		o := inner.next()
		if o.method == "GET" {
			continue
		}
		bulkID := ""
		if o.method == "POST" {
			bulkID = fmt.Sprint("b", inner.count)
		}
		step.bulk = append(step.bulk, o)
		ops = append(ops, operation(o.method, o.path, bulkID, o.body))
		if o.faults != nil {
			failed++
		}
		if failed == limit && limit > 0 {
			ops = append(ops, operation("POST", "/Users", "late", user("late@societe.example")))
			break
		}
	}
	if ops == nil {
		return s.list("User")
	}
	body := bulk(ops...)
	if limit > 0 {
		body["failOnErrors"] = limit
	}
	step.body = body
	step.compare = func(got object) error { return step.checkBulk(s.model, got) }
	return step
}

// checkBulk compares the answers of the operations, in order.
func (step *modelStep) checkBulk(m *model, got object) error {
	answers, _ := got["Operations"].([]any)
	if len(answers) != len(step.bulk) {
		return fmt.Errorf("%d operations are answered, want %d: %v", len(answers), len(step.bulk), got)
	}
	for i, o := range step.bulk {
		a := answers[i].(object)
		text, _ := a["status"].(string)
		status, _ := strconv.Atoi(text)
		response, _ := json.Marshal(a["response"])
		location, _ := a["location"].(string)
		switch {
		case o.faults != nil:
			if err := o.checkFault(status, string(response)); err != nil {
				return fmt.Errorf("operation %d: %w", i, err)
			}
		case status != o.status:
			return fmt.Errorf("operation %d: status %d, want %d: %s", i, status, o.status, response)
		case o.created != "":
			m.rename(o.created, location[strings.LastIndex(location, "/")+1:])
		}
	}
	return nil
}
