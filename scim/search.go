package scim

import (
	"encoding/json"
	"net/http"
	"strings"

	"proprio/resources"
)

// schemaSearchRequest marks a query that is sent as a body (RFC 7644 §3.4.3), so that what it looks for is in no URL.
const schemaSearchRequest = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

// search is POST /.search, on one type or on all.
func (c *collection) search(w http.ResponseWriter, r *http.Request) error {
	body, err := c.readObject(w, r)
	if err != nil {
		return err
	}
	p, err := searchParameters(body)
	if err != nil {
		return err
	}
	return c.answer(w, r, p)
}

// searchMembers are the members of a SearchRequest, each with how it is read. They are the parameters of a GET.
var searchMembers = []struct {
	name string
	read func(any) ([]string, bool)
	want string
}{
	{"filter", searchText, "a text"},
	{"sortBy", searchText, "a text, the name of an attribute"},
	{"sortOrder", searchText, "a text, ascending or descending"},
	{"startIndex", searchNumber, "a whole number"},
	{"count", searchNumber, "a whole number"},
	{"cursor", searchText, "a text"},
	{"attributes", searchList, "a list of texts, each the name of an attribute"},
	{"excludedAttributes", searchList, "a list of texts, each the name of an attribute"},
}

// searchParameters reads a SearchRequest as the parameters of a GET. null is absent (RFC 7643 §2.5); unknown members
// are nobody's business, as unknown parameters are (Q03).
func searchParameters(body map[string]any) (parameters, error) {
	names := []string{"schemas"}
	for _, m := range searchMembers {
		names = append(names, strings.ToLower(m.name))
	}
	envelope, err := foldKeys(body, names...)
	if err != nil {
		return nil, err
	}
	if err := checkMessage(envelope["schemas"], schemaSearchRequest); err != nil {
		return nil, err
	}
	p := parameters{}
	for _, m := range searchMembers {
		value := envelope[strings.ToLower(m.name)]
		if value == nil {
			continue
		}
		values, ok := m.read(value)
		if !ok {
			return nil, resources.Errorf(resources.ErrInvalidSyntax, m.name, "The value is not %s.", m.want)
		}
		if err := p.add(m.name, values); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func searchText(value any) ([]string, bool) {
	text, ok := value.(string)
	return []string{text}, ok
}

// searchNumber takes a number in quotes too: its digits are looked at later, as those of a parameter.
func searchNumber(value any) ([]string, bool) {
	if number, ok := value.(json.Number); ok {
		return []string{number.String()}, true
	}
	return searchText(value)
}

// searchList takes one text with commas too, as in a URL.
func searchList(value any) ([]string, bool) {
	list, ok := value.([]any)
	if !ok {
		return searchText(value)
	}
	texts := make([]string, len(list))
	for i, item := range list {
		if texts[i], ok = item.(string); !ok {
			return nil, false
		}
	}
	return texts, true
}
