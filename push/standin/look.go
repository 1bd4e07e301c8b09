package standin

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// handPrefix begins the ids of what people made in the product itself.
const handPrefix = "hand-"

func byHand(id string) bool { return strings.HasPrefix(id, handPrefix) }

// Add puts a User in by hand, as somebody in the app would, and returns its id, which may be given.
func (s *Server) Add(user map[string]any) string { return s.add(s.users, user) }

// AddGroup is Add for a Group.
func (s *Server) AddGroup(group map[string]any) string { return s.add(s.groups, group) }

func (s *Server) add(held table, doc document) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	doc = maps.Clone(doc)
	id, named := doc["id"].(string)
	if !named {
		id = fmt.Sprintf("%s%d", handPrefix, s.next)
	}
	doc["id"] = id
	held[id] = doc
	return id
}

// Change changes a User or a Group by hand; it is false when there is none of that id.
func (s *Server) Change(id string, change func(resource map[string]any)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, held := range []table{s.users, s.groups} {
		if held[id] != nil {
			change(held[id])
			return true
		}
	}
	return false
}

// Remove takes a User or a Group away by hand.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.groups, id)
	delete(s.users, id)
	s.forget(id)
}

// Resource returns a copy of the User or Group of that id; nil when there is none.
func (s *Server) Resource(id string) (found map[string]any) {
	s.Change(id, func(r map[string]any) { found = copied(r) })
	return found
}

// User returns a copy of the User with that userName; nil when there is none.
func (s *Server) User(userName string) map[string]any {
	for _, u := range s.Users() {
		if name, _ := u["userName"].(string); strings.EqualFold(name, userName) {
			return u
		}
	}
	return nil
}

// Users returns copies of all Users, by id.
func (s *Server) Users() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return documents(s.users)
}

// Groups returns copies of all Groups, by id.
func (s *Server) Groups() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return documents(s.groups)
}

func documents(held table) []map[string]any {
	var out []map[string]any
	for _, id := range slices.Sorted(maps.Keys(held)) {
		out = append(out, copied(held[id]))
	}
	return out
}

// Members returns the userNames of a Group's members, sorted; ok is false when there is no such Group.
func (s *Server) Members(displayName string) (names []string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.groups {
		if g["displayName"] != displayName {
			continue
		}
		list, _ := g["members"].([]any)
		for _, m := range list {
			name, _ := s.users[valueOf(m)]["userName"].(string)
			names = append(names, name)
		}
		slices.Sort(names)
		return names, true
	}
	return nil, false
}

// Heard returns the requests since the last call of Heard.
func (s *Server) Heard() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.requests
	s.requests = nil
	return out
}
