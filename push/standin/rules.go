package standin

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"proprio/push/profiles"
)

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// invalid refuses a value.
func invalid(format string, args ...any) (answer, bool) {
	return refused(http.StatusBadRequest, "invalidValue", fmt.Sprintf(format, args...)), false
}

// takes says whether a resource may be as it is, under an id of its own or, before it has one, none.
func (s *Server) takes(kind, id string, held table, doc document) (answer, bool) {
	key, rules := "userName", s.Profile.Users.Names
	if kind == kindGroups {
		key, rules = "displayName", map[string]profiles.NameRule{"displayName": s.Profile.Groups.Name}
	}
	name, _ := doc[key].(string)
	if name == "" {
		return invalid("%s is required", key)
	}
	for path, rule := range rules {
		if a, ok := keeps(rule, path, at(doc, path)); !ok {
			return a, false
		}
	}
	for other, have := range held {
		if taken, _ := have[key].(string); other != id && strings.EqualFold(taken, name) {
			scimType := "uniqueness"
			if s.Profile.Answers.Conflict == "plain" {
				scimType = ""
			}
			return refused(http.StatusConflict, scimType, key+" is taken"), false
		}
	}
	if kind == kindGroups {
		return answer{}, true
	}
	return s.takesUser(doc)
}

func keeps(rule profiles.NameRule, path string, value any) (answer, bool) {
	text, ok := value.(string)
	switch {
	case !ok:
	case rule.Longest > 0 && utf8.RuneCountInString(text) > rule.Longest:
		return invalid("%s is longer than %d", path, rule.Longest)
	case rule.Without != "" && strings.ContainsAny(text, rule.Without):
		return invalid("%s holds one of %q", path, rule.Without)
	}
	return answer{}, true
}

func (s *Server) takesUser(doc document) (answer, bool) {
	users := s.Profile.Users
	for _, path := range users.Required {
		if at(doc, path) == nil {
			return invalid("%s is required", path)
		}
	}
	for _, path := range users.Omit {
		if at(doc, path) != nil {
			return invalid("%s is not taken", path)
		}
	}
	for _, name := range users.Single {
		if list, _ := doc[name].([]any); len(list) > 1 {
			return invalid("%s takes one value", name)
		}
	}
	if users.NoEnterprise && doc[enterprise] != nil {
		return invalid("the enterprise extension is not taken")
	}
	if doc["groups"] != nil {
		return invalid("groups is read-only")
	}
	return answer{}, true
}

// mayChange says whether a resource may become what it is to become.
func (s *Server) mayChange(kind string, before, after document) (answer, bool) {
	if kind == kindGroups {
		if s.Profile.Groups.NoRename && before["displayName"] != after["displayName"] {
			return invalid("a group keeps its name")
		}
		return answer{}, true
	}
	users := s.Profile.Users
	if users.NoReactivation && before["active"] == false && after["active"] != false {
		return invalid("nobody is brought back over SCIM")
	}
	for key := range union(before, after) {
		if users.Fixes(key) && !reflect.DeepEqual(before[key], after[key]) {
			return refused(http.StatusBadRequest, "mutability", key+" does not change"), false
		}
	}
	return answer{}, true
}

func union(a, b document) map[string]bool {
	all := map[string]bool{}
	for key := range a {
		all[key] = true
	}
	for key := range b {
		all[key] = true
	}
	return all
}

// at is the value at a path of at most two names, or of an extension.
func at(doc document, path string) any {
	if strings.HasPrefix(path, "urn:") {
		return doc[path]
	}
	name, sub, complex := strings.Cut(path, ".")
	if !complex {
		return doc[name]
	}
	inner, _ := doc[name].(map[string]any)
	return inner[sub]
}
