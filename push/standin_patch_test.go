package push_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// patch applies operations to a copy, all or none.
func (s *standIn) patch(kind string, doc, body map[string]any) (map[string]any, int, any) {
	ops, _ := body["Operations"].([]any)
	if body["schemas"] == nil || len(ops) == 0 {
		return nil, 400, refusal(400, "invalidSyntax", "schemas and Operations are required")
	}
	copied, _ := json.Marshal(doc)
	var next map[string]any
	_ = json.Unmarshal(copied, &next)
	moved := 0
	for _, o := range ops {
		op := o.(map[string]any)
		verb, _ := op["op"].(string)
		path, _ := op["path"].(string)
		if kind == "Groups" && strings.HasPrefix(path, "members") {
			n, bad := s.changeMembers(next, verb, path, op["value"])
			if bad != nil {
				return nil, 400, bad
			}
			moved += n
			continue
		}
		if bad := setPath(next, verb, path, op["value"]); bad != "" {
			return nil, 400, refusal(400, "invalidPath", bad)
		}
	}
	if s.maxMembers > 0 && moved > s.maxMembers {
		return nil, 400, refusal(400, "invalidValue", "too many member changes in one request")
	}
	if status, bad := s.check(next); status != 0 {
		return nil, status, bad
	}
	return next, 0, nil
}

var memberFilter = regexp.MustCompile(`^members\[value eq "([^"]*)"\]$`)

func (s *standIn) changeMembers(g map[string]any, verb, path string, value any) (int, any) {
	list, _ := g["members"].([]any)
	has := func(id any) bool {
		return slices.ContainsFunc(list, func(m any) bool { return m.(map[string]any)["value"] == id })
	}
	values, _ := value.([]any)
	switch {
	case verb == "add" && path == "members":
		for _, v := range values {
			id := v.(map[string]any)["value"].(string)
			if s.users[id] == nil {
				return 0, refusal(400, "invalidValue", "member "+id+" does not exist")
			}
			if !has(id) {
				list = append(list, map[string]any{"value": id})
			}
		}
		g["members"] = list
		return len(values), nil
	case verb == "remove" && s.valueRemoval && path == "members" && len(values) > 0:
		for _, v := range values {
			list = slices.DeleteFunc(list, func(m any) bool { return m.(map[string]any)["value"] == v.(map[string]any)["value"] })
		}
		g["members"] = list
		return len(values), nil
	case verb == "remove" && !s.valueRemoval && memberFilter.MatchString(path):
		id := memberFilter.FindStringSubmatch(path)[1]
		if !has(id) {
			return 0, refusal(400, "noTarget", path)
		}
		g["members"] = slices.DeleteFunc(list, func(m any) bool { return m.(map[string]any)["value"] == id })
		return 1, nil
	}
	return 0, refusal(400, "invalidPath", verb+" "+path+" is not how members are changed here")
}

// setPath changes one attribute: "a", "a.b", "urn:…:User:a", "urn:…:User:a.b", or a whole object without path.
func setPath(doc map[string]any, verb, path string, value any) string {
	if path == "" {
		m, ok := value.(map[string]any)
		if !ok || verb == "remove" {
			return "without path the value must be an object"
		}
		for k, v := range m {
			sub, ok := v.(map[string]any)
			if have, exists := doc[k].(map[string]any); ok && exists {
				maps.Copy(have, sub)
				continue
			}
			doc[k] = v
		}
		return ""
	}
	if strings.HasPrefix(path, "urn:") {
		i := strings.LastIndex(path, ":")
		ext, _ := doc[path[:i]].(map[string]any)
		if ext == nil {
			ext = map[string]any{}
			doc[path[:i]] = ext
		}
		doc, path = ext, path[i+1:]
	}
	if name, sub, ok := strings.Cut(path, "."); ok {
		next, _ := doc[name].(map[string]any)
		if next == nil {
			if verb == "remove" {
				return path + " is not there"
			}
			next = map[string]any{}
			doc[name] = next
		}
		doc, path = next, sub
	}
	switch verb {
	case "remove":
		delete(doc, path)
	case "add", "replace":
		have, isMap := doc[path].(map[string]any)
		if sub, ok := value.(map[string]any); ok && isMap {
			maps.Copy(have, sub) // RFC 7644 §3.5.2.3: sub-attributes not named stay
			return ""
		}
		doc[path] = value
	default:
		return "op " + verb
	}
	return ""
}
