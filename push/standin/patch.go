package standin

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// patched applies the operations of a PATCH to a copy, all or none.
func (s *Server) patched(kind string, doc, body document) (document, answer, bool) {
	ops, _ := body["Operations"].([]any)
	if body["schemas"] == nil || len(ops) == 0 {
		return nil, refused(http.StatusBadRequest, "invalidSyntax", "schemas and Operations are required"), false
	}
	if kind == kindGroups && len(ops) > s.Profile.Members.OperationsPerCall {
		return nil, refused(http.StatusBadRequest, "tooMany", "too many operations in one request"), false
	}
	next, moved := copied(doc), 0
	for _, o := range ops {
		op, _ := o.(map[string]any)
		verb, _ := op["op"].(string)
		path, _ := op["path"].(string)
		if kind == kindGroups && strings.HasPrefix(path, "members") {
			n, a, ok := s.changeMembers(next, verb, path, op["value"])
			if !ok {
				return nil, a, false
			}
			moved += n
			continue
		}
		if a, ok := s.patchable(kind, verb, path, op["value"]); !ok {
			return nil, a, false
		}
		if wrong := set(next, verb, path, op["value"]); wrong != "" {
			return nil, refused(http.StatusBadRequest, "invalidPath", wrong), false
		}
	}
	if moved > s.Profile.Members.PerCall {
		return nil, refused(http.StatusRequestEntityTooLarge, "tooMany", "too many members in one request"), false
	}
	return next, answer{}, true
}

// patchable says whether a PATCH may name a path.
func (s *Server) patchable(kind, verb, path string, value any) (answer, bool) {
	refuse := func(detail string) (answer, bool) {
		return refused(http.StatusBadRequest, "invalidPath", detail), false
	}
	if kind == kindUsers && s.Profile.PatchForm == "object" && path != "" && verb != "remove" {
		return refuse("attributes come as one object without a path")
	}
	for _, never := range s.Profile.Users.Unpatched {
		name, sub, _ := strings.Cut(never, ".")
		inner, _ := value.(map[string]any)
		whole, _ := inner[name].(map[string]any)
		if kind == kindUsers && (path == never || path == name && inner[sub] != nil || path == "" && whole[sub] != nil) {
			return refuse(never + " is not changed by PATCH")
		}
	}
	return answer{}, true
}

// copied is a copy that may be changed without changing the resource. Lists are shared: they are replaced, never changed.
func copied(doc document) document {
	out := document{}
	for name, value := range doc {
		if inner, complex := value.(map[string]any); complex {
			value = copied(inner)
		}
		out[name] = value
	}
	return out
}

// set changes one attribute: "a", "a.b", "urn:…:User:a", "urn:…:User:a.b", or a whole object without a path. It returns what
// is wrong with the path.
func set(doc document, verb, path string, value any) string {
	if path == "" {
		return merge(doc, verb, value)
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
	if name, sub, complex := strings.Cut(path, "."); complex {
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
		have, wasComplex := doc[path].(map[string]any)
		if sub, complex := value.(map[string]any); complex && wasComplex {
			maps.Copy(have, sub) // RFC 7644 §3.5.2.3: sub-attributes that are not named stay
			return ""
		}
		doc[path] = value
	default:
		return "there is no operation " + verb
	}
	return ""
}

// merge puts an object into a resource.
func merge(doc document, verb string, value any) string {
	object, ok := value.(map[string]any)
	if !ok || !slices.Contains([]string{"add", "replace"}, verb) {
		return "without a path the value must be an object"
	}
	for name, v := range object {
		sub, complex := v.(map[string]any)
		if have, there := doc[name].(map[string]any); complex && there {
			maps.Copy(have, sub)
			continue
		}
		doc[name] = v
	}
	return ""
}
