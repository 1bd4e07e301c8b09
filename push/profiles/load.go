package profiles

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed data/*.json
var data embed.FS

// Set is every known profile, by name. It never changes after Load.
type Set struct{ byName map[string]Profile }

// Load reads and checks the embedded profiles.
func Load() (*Set, error) { return Read(data) }

// Read reads and checks the profiles in the folder data of a file system.
func Read(files fs.FS) (*Set, error) {
	names, err := fs.Glob(files, "data/*.json")
	if err != nil {
		return nil, err
	}
	s := &Set{byName: map[string]Profile{}}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		p, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("profile %s: %w", name, err)
		}
		if want := strings.TrimSuffix(path.Base(name), ".json"); p.Name != want {
			return nil, fmt.Errorf("profile %s: name is %q, want %q like the file", name, p.Name, want)
		}
		s.byName[p.Name] = p
	}
	return s, nil
}

// Get returns a profile by name.
func (s *Set) Get(name string) (Profile, bool) {
	p, ok := s.byName[name]
	return p, ok
}

// Names returns the names of all profiles, sorted.
func (s *Set) Names() []string {
	names := make([]string, 0, len(s.byName))
	for n := range s.byName {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Parse reads one profile, fills in the defaults and checks it.
func Parse(text []byte) (Profile, error) {
	var p Profile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return Profile{}, err
	}
	p.fill()
	return p, p.check()
}

func (p *Profile) fill() {
	text := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	number := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	text(&p.Match.User, "userName")
	text(&p.Match.Group, "displayName")
	text(&p.Update, "patch")
	text(&p.PatchForm, "paths")
	text(&p.Users.Deactivate, "active")
	text(&p.Groups.Removal, "delete")
	text(&p.Members.Remove, "filter")
	text(&p.Roles.Attribute, "roles")
	text(&p.Confidence, "low")
	number(&p.Members.PerCall, 100)
	number(&p.Members.OperationsPerCall, 100)
	number(&p.Paging.Size, 100)
	number(&p.Rate.Burst, 20)
	number(&p.Rate.Concurrency, 4)
	if p.Rate.PerSecond == 0 {
		p.Rate.PerSecond = 20
	}
}

// attributePath is the form of an attribute's path (RFC 7644 §3.10), as far as profiles use it.
var attributePath = regexp.MustCompile(`^(urn:[^ ]+:)?[A-Za-z$][A-Za-z0-9$_-]*(\.[A-Za-z$][A-Za-z0-9$_-]*)?$`)

func (p *Profile) check() error {
	if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(p.Name) {
		return fmt.Errorf("name %q: want lower-case letters, digits and single hyphens", p.Name)
	}
	if p.Title == "" {
		return fmt.Errorf("title is missing")
	}
	for _, c := range []struct {
		field, value string
		allowed      []string
	}{
		{"update", p.Update, []string{"patch", "put"}},
		{"patchForm", p.PatchForm, []string{"paths", "object"}},
		{"match.user", p.Match.User, []string{"userName", "externalId", "emails.value"}},
		{"match.group", p.Match.Group, []string{"displayName", "externalId"}},
		{"users.deactivate", p.Users.Deactivate, []string{"active", "delete"}},
		{"groups.removal", p.Groups.Removal, []string{"delete", "empty"}},
		{"members.remove", p.Members.Remove, []string{"filter", "value"}},
		{"confidence", p.Confidence, []string{"high", "medium", "low"}},
	} {
		if !slices.Contains(c.allowed, c.value) {
			return fmt.Errorf("%s is %q; want one of %s", c.field, c.value, strings.Join(c.allowed, ", "))
		}
	}
	for _, c := range []struct {
		field    string
		value    int
		min, max int
	}{
		{"members.perCall", p.Members.PerCall, 1, 10000},
		{"members.operationsPerCall", p.Members.OperationsPerCall, 1, 10000},
		{"paging.size", p.Paging.Size, 1, 1000},
		{"rate.burst", p.Rate.Burst, 1, 1000},
		{"rate.concurrency", p.Rate.Concurrency, 1, 64},
	} {
		if c.value < c.min || c.value > c.max {
			return fmt.Errorf("%s is %d; want %d to %d", c.field, c.value, c.min, c.max)
		}
	}
	if !attributePath.MatchString(p.Roles.Attribute) {
		return fmt.Errorf("roles.attribute is %q; want an attribute, attribute.subAttribute or urn:…:attribute", p.Roles.Attribute)
	}
	if slices.Contains(p.Roles.Administrators, "") || p.Roles.Closed && len(p.Roles.Administrators) == 0 {
		return fmt.Errorf("roles.administrators holds an empty name, or is empty though roles.closed says that it is complete")
	}
	if p.Rate.PerSecond < 0 || p.Rate.PerSecond > 1000 {
		return fmt.Errorf("rate.perSecond is %g; want more than 0, at most 1000", p.Rate.PerSecond)
	}
	return nil
}
