package ownership

import (
	"slices"
	"strings"
)

// Roles is what an app's profile says of the roles that the app reports. The zero value will do for an app of which
// nothing is known.
type Roles struct {
	// Attribute is the path of the attribute that tells an account's role, read besides roles and entitlements:
	// "userType", "urn:…:User:role". Empty: only these two.
	Attribute string
	// Administrators are the values that mean administrator in this app. They count besides the common names in data/.
	Administrators []string
	// Closed says that Administrators are all there are, so that a common name such as "owner" means nothing here.
	Closed bool
}

// attributes are the paths to read, the app's own first.
func (r Roles) attributes() []string {
	paths := []string{"roles", "entitlements"}
	if r.Attribute == "" || slices.Contains(paths, r.Attribute) {
		return paths
	}
	return append([]string{r.Attribute}, paths...)
}

// administratorTest returns the test for a role of an administrator.
func (r Roles) administratorTest() func(string) bool {
	own := make(map[string]bool, len(r.Administrators))
	for _, name := range r.Administrators {
		own[foldRole(name)] = true
	}
	return func(role string) bool {
		if role == "" {
			return false
		}
		folded := foldRole(role)
		return own[folded] || !r.Closed && administratorRoles()[folded]
	}
}

// rolesOf reads an account's roles, by value or else by display name, the primary one first, and whether one of them is
// an administrator's.
func rolesOf(user map[string]any, rules Roles) (roles []string, administrator bool) {
	isAdministrator := rules.administratorTest()
	for _, path := range rules.attributes() {
		for _, v := range valuesAt(user, path) {
			name, display := scalar(field(v, "value")), scalar(field(v, "display"))
			administrator = administrator || isAdministrator(name) || isAdministrator(display)
			if name == "" {
				name = display
			}
			switch {
			case name == "" || slices.Contains(roles, name):
			case field(v, "primary") == true:
				roles = slices.Insert(roles, 0, name)
			default:
				roles = append(roles, name)
			}
		}
	}
	return roles, administrator
}

// valuesAt reads the attribute that a path names (RFC 7644 §3.10): "userType", "name.title", "urn:…:User:role". A schema's
// URN may hold dots, an attribute's name holds no colon.
func valuesAt(user map[string]any, path string) []map[string]any {
	o := user
	if i := strings.LastIndexByte(path, ':'); i >= 0 {
		o, path = object(field(user, path[:i])), path[i+1:]
	}
	name, sub, below := strings.Cut(path, ".")
	if below {
		return values(field(object(field(o, name)), sub))
	}
	return values(field(o, name))
}
