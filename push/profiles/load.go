package profiles

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
)

//go:embed data/*.json
var data embed.FS

// Set is every known profile, by name. It never changes after Load.
type Set struct{ byName map[string]Profile }

// Load reads and checks the embedded profiles, then those of a folder, which are more of them or take their place. Nil: no
// folder.
func Load(folder fs.FS) (*Set, error) {
	embedded, err := fs.Sub(data, "data")
	if err != nil {
		return nil, err
	}
	s := &Set{byName: map[string]Profile{}}
	if err := s.read(embedded); err != nil || folder == nil {
		return s, err
	}
	return s, s.read(folder)
}

// read adds the profiles of a folder: its files NAME.json, without those of folders in it.
func (s *Set) read(folder fs.FS) error {
	names, err := fs.Glob(folder, "*.json")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		p, err := Parse(text)
		if err != nil {
			return fmt.Errorf("profile %s: %w", name, err)
		}
		if want := strings.TrimSuffix(name, ".json"); p.Name != want {
			return fmt.Errorf("profile %s: name is %q, want %q like the file", name, p.Name, want)
		}
		s.byName[p.Name] = p
	}
	return nil
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
	text(&p.Protocol, "scim")
	text(&p.Update, "patch")
	text(&p.PatchForm, "paths")
	text(&p.Users.Deactivate, "active")
	text(&p.Groups.Removal, "delete")
	text(&p.Members.Remove, "filter")
	text(&p.Roles.Attribute, "roles")
	text(&p.Paging.Style, "index")
	text(&p.Answers.Conflict, "uniqueness")
	text(&p.Answers.NotFound, "scim")
	text(&p.Answers.RetryAfter, "seconds")
	text(&p.Confidence, "low")
	number(&p.Members.PerCall, 100)
	number(&p.Members.OperationsPerCall, 100)
	number(&p.Paging.Size, 100)
	number(&p.Answers.Patch, 200)
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
		return errors.New("title is missing")
	}
	return errors.Join(p.checkWords(), p.checkNumbers(), p.checkPaths(), p.checkSense(), p.checkManual())
}

// checkWords checks the fields that take one of a few words.
func (p *Profile) checkWords() error {
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
		{"paging.style", p.Paging.Style, []string{"index", "none"}},
		{"answers.conflict", p.Answers.Conflict, []string{"uniqueness", "plain"}},
		{"answers.notFound", p.Answers.NotFound, []string{"scim", "html"}},
		{"answers.retryAfter", p.Answers.RetryAfter, []string{"seconds", "date"}},
		{"confidence", p.Confidence, []string{"high", "medium", "low"}},
	} {
		if !slices.Contains(c.allowed, c.value) {
			return fmt.Errorf("%s is %q; want one of %s", c.field, c.value, strings.Join(c.allowed, ", "))
		}
	}
	return nil
}

func (p *Profile) checkNumbers() error {
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
		{"answers.ahead", p.Answers.Ahead, 0, 1440},
		{"auth.days", p.Auth.Days, 0, 3650},
		{"groups.name.longest", p.Groups.Name.Longest, 0, 10000},
	} {
		if c.value < c.min || c.value > c.max {
			return fmt.Errorf("%s is %d; want %d to %d", c.field, c.value, c.min, c.max)
		}
	}
	if p.Answers.Patch != 200 && p.Answers.Patch != 204 {
		return fmt.Errorf("answers.patch is %d; want 200 or 204", p.Answers.Patch)
	}
	if p.Rate.PerSecond < 0 || p.Rate.PerSecond > 100_000 {
		return fmt.Errorf("rate.perSecond is %g; want more than 0, at most 100,000", p.Rate.PerSecond)
	}
	return nil
}

// checkPaths checks the fields that name attributes.
func (p *Profile) checkPaths() error {
	fields := map[string][]string{
		"roles.attribute": {p.Roles.Attribute}, "users.only": p.Users.Only, "users.omit": p.Users.Omit, "users.single": p.Users.Single, "users.required": p.Users.Required,
		"users.fixed": p.Users.Fixed, "users.unpatched": p.Users.Unpatched, "users.names": slices.Collect(maps.Keys(p.Users.Names)),
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		for _, name := range fields[field] {
			if !attributePath.MatchString(name) && !((field == "users.omit" || field == "users.only") && strings.HasPrefix(name, "urn:")) && !(field == "users.fixed" && name == "*") {
				return fmt.Errorf("%s holds %q; want an attribute, attribute.subAttribute or urn:…:attribute", field, name)
			}
		}
	}
	return nil
}

// checkSense finds fields that contradict each other.
func (p *Profile) checkSense() error {
	switch {
	case slices.Contains(p.Roles.Administrators, "") || p.Roles.Closed && len(p.Roles.Administrators) == 0:
		return errors.New("roles.administrators holds an empty name, or is empty though roles.closed says that it is complete")
	case p.Users.NoDelete && p.Users.Deactivate == "delete":
		return errors.New(`users.deactivate is "delete", which users.noDelete says there is not`)
	case p.Grants.ByGroup && (len(p.Grants.Values) > 0 || p.Grants.Open):
		return errors.New("grants.values are given by attribute, which grants.byGroup says they are not")
	case len(p.Users.Unpatched) > 0 && (p.Update == "put" || p.PatchForm == "object"):
		return errors.New(`users.unpatched has a meaning only where update is "patch" and patchForm is "paths"`)
	}
	for path, rule := range p.Users.Names {
		if rule == (NameRule{}) || rule.Longest < 0 {
			return fmt.Errorf("users.names: the rule of %s says nothing", path)
		}
	}
	return nil
}
