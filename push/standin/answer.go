package standin

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// The kinds of resources, as their endpoints are called.
const (
	kindUsers  = "Users"
	kindGroups = "Groups"
)

// answer does what a request asks, or refuses it and changes nothing.
func (s *Server) answer(r *http.Request, text []byte) answer {
	if a, ok := s.mayCall(r); !ok {
		return a
	}
	var body document
	if len(text) > 0 {
		if r.Header.Get("Content-Type") != "application/scim+json" {
			return refused(http.StatusUnsupportedMediaType, "", "want application/scim+json")
		}
		if err := json.Unmarshal(text, &body); err != nil {
			return refused(http.StatusBadRequest, "invalidSyntax", err.Error())
		}
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	held := map[string]table{kindUsers: s.users, kindGroups: s.groups}[kind]
	if held == nil || kind == kindGroups && s.Profile.Groups.Unsupported {
		return refused(http.StatusNotFound, "", "there is no such endpoint")
	}
	if id == "" {
		return s.collection(r, kind, held, body)
	}
	if held[id] == nil {
		return refused(http.StatusNotFound, "", kind+" "+id+" does not exist")
	}
	return s.single(r, kind, id, held, body)
}

func (s *Server) collection(r *http.Request, kind string, held table, body document) answer {
	switch r.Method {
	case http.MethodGet:
		return s.list(r, kind, held)
	case http.MethodPost:
		return s.create(kind, held, body)
	}
	return refused(http.StatusMethodNotAllowed, "", r.Method+" is not served here")
}

func (s *Server) create(kind string, held table, body document) answer {
	if kind == kindGroups && s.Profile.Groups.NoCreate {
		return refused(http.StatusMethodNotAllowed, "", "groups are made in the product")
	}
	if body["schemas"] == nil || body["id"] != nil || body["meta"] != nil {
		return refused(http.StatusBadRequest, "invalidValue", "schemas is required; id and meta are not yours")
	}
	if a, ok := s.takes(kind, "", held, body); !ok {
		return a
	}
	s.next++
	id := fmt.Sprintf("%s-%d", strings.ToLower(kind[:1]), s.next)
	doc := maps.Clone(body)
	doc["id"] = id
	held[id] = doc
	return answer{status: http.StatusCreated, body: s.shown(doc)}
}

func (s *Server) single(r *http.Request, kind, id string, held table, body document) answer {
	doc := held[id]
	switch r.Method {
	case http.MethodGet:
		return answer{status: http.StatusOK, body: s.shown(doc)}
	case http.MethodDelete:
		return s.remove(kind, id, held)
	case http.MethodPut:
		if s.Profile.Update != "put" && kind == kindUsers {
			return refused(http.StatusMethodNotAllowed, "", "this product is changed by PATCH")
		}
		next := maps.Clone(body)
		next["id"] = id
		return s.replace(kind, id, held, next, http.StatusOK)
	case http.MethodPatch:
		if s.Profile.Update == "put" && kind == kindUsers {
			return refused(http.StatusNotImplemented, "", "there is no PATCH")
		}
		next, a, ok := s.patched(kind, doc, body)
		if !ok {
			return a
		}
		return s.replace(kind, id, held, next, s.Profile.Answers.Patch)
	}
	return refused(http.StatusMethodNotAllowed, "", r.Method+" is not served here")
}

// replace puts a changed resource in the place of the former one.
func (s *Server) replace(kind, id string, held table, next document, status int) answer {
	if a, ok := s.mayChange(kind, held[id], next); !ok {
		return a
	}
	if a, ok := s.takes(kind, id, held, next); !ok {
		return a
	}
	held[id] = next
	if kind == kindUsers && next["active"] == false && s.Profile.Answers.ForgetsMembers {
		s.forget(id)
	}
	if status == http.StatusNoContent {
		return answer{status: status}
	}
	return answer{status: status, body: s.shown(next)}
}

func (s *Server) remove(kind, id string, held table) answer {
	switch {
	case kind == kindUsers && s.Profile.Users.NoDelete, kind == kindGroups && s.Profile.Groups.Removal == "empty":
		return refused(http.StatusMethodNotAllowed, "", "nothing is deleted here")
	case kind == kindUsers && s.Profile.Users.Deactivate == "delete":
		held[id]["active"] = false
	default:
		delete(held, id)
	}
	if kind == kindUsers {
		s.forget(id)
	}
	return answer{status: http.StatusNoContent}
}

// forget takes a User out of all Groups.
func (s *Server) forget(user string) {
	for _, g := range s.groups {
		list, _ := g["members"].([]any)
		g["members"] = slices.DeleteFunc(slices.Clone(list), func(m any) bool { return valueOf(m) == user })
	}
}

// shown is a resource as the product shows it.
func (s *Server) shown(doc document) document {
	out := maps.Clone(doc)
	if s.Profile.Members.Unreadable {
		delete(out, "members")
	}
	return out
}

// valueOf is the value of an element of a multi-valued attribute.
func valueOf(element any) string {
	m, _ := element.(map[string]any)
	value, _ := m["value"].(string)
	return value
}
