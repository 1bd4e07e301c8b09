package standin

import (
	"net/http"
	"regexp"
	"slices"
)

var memberFilter = regexp.MustCompile(`^members\[value eq "([^"]*)"\]$`)

// changeMembers does one operation on a Group's members, in the one form that the product takes, and says how many it named.
func (s *Server) changeMembers(g document, verb, path string, value any) (int, answer, bool) {
	list, _ := g["members"].([]any)
	list = slices.Clone(list)
	values, _ := value.([]any)
	byValue := s.Profile.Members.Remove == "value"
	switch m := memberFilter.FindStringSubmatch(path); {
	case verb == "add" && path == "members":
		held := map[string]bool{}
		for _, have := range list {
			held[valueOf(have)] = !s.Doubles
		}
		for _, v := range values {
			id := valueOf(v)
			if s.users[id] == nil {
				return 0, refused(http.StatusBadRequest, "invalidValue", "member "+id+" does not exist"), false
			}
			if !held[id] {
				list = append(list, map[string]any{"value": id})
				held[id] = !s.Doubles
			}
		}
		if s.KeepsMembers > 0 {
			list = list[:min(len(list), s.KeepsMembers)]
		}
		g["members"] = list
		return len(values), answer{}, true
	case verb == "remove" && byValue && path == "members" && len(values) > 0:
		for _, v := range values {
			list = without(list, valueOf(v))
		}
		g["members"] = list
		return len(values), answer{}, true
	case verb == "remove" && !byValue && m != nil:
		left := without(list, m[1])
		if len(left) == len(list) {
			return 0, refused(http.StatusBadRequest, "noTarget", path), false
		}
		g["members"] = left
		return 1, answer{}, true
	}
	return 0, refused(http.StatusBadRequest, "invalidPath", verb+" "+path+" is not how members are changed here"), false
}

func without(list []any, id string) []any {
	return slices.DeleteFunc(slices.Clone(list), func(m any) bool { return valueOf(m) == id })
}
