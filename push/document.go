package push

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"proprio/ownership"
	"proprio/push/mapping"
	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// fields is a JSON object decoded with numbers as json.Number, so that two of them compare by value.
type fields = map[string]any

// wantedUser is what the app should hold of a User: the attributes it has, without what is Proprio's own or the
// app's, in the shape the profile asks for. externalId is the User's id here, which proves later whose account it is.
// managerRemote is the manager's id in the app; empty: not sent. E-mails that the domain policy does not bind, the private
// ones, are not sent to any app: the User is in force, so all that the app gets is within the company's verified domains.
// rules, when they are not nil, change it by an app's own wishes, and say of which attributes the account keeps what it has.
func wantedUser(p profiles.Profile, r *reading, managerRemote string, rules func(doc fields) ([][]string, error)) (fields, error) {
	doc, err := r.copied()
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", r.of.ID, err)
	}
	for _, own := range []string{"schemas", "id", "meta", "groups", "password", resources.SchemaOwnership} {
		delete(doc, own)
	}
	doc["externalId"] = r.of.ID
	doc["active"] = r.of.Index.Active
	if _, ok := doc["emails"]; ok {
		if doc["emails"] = ownership.BoundEmails(doc); len(doc["emails"].([]any)) == 0 {
			delete(doc, "emails")
		}
	}
	if ext, ok := doc[resources.SchemaEnterprise].(fields); ok {
		delete(ext, "manager")
		if managerRemote != "" {
			ext["manager"] = fields{"value": managerRemote}
		}
		if p.Users.NoEnterprise || len(ext) == 0 {
			delete(doc, resources.SchemaEnterprise)
		}
	}
	if len(p.Users.Only) > 0 {
		doc = only(doc, append([]string{"active"}, p.Users.Only...))
	}
	var kept [][]string
	if rules != nil {
		if kept, err = rules(doc); err != nil {
			return nil, err
		}
	}
	for _, path := range p.Users.Omit {
		mapping.Remove(doc, split(path))
	}
	for _, name := range p.Users.Single {
		if list, ok := doc[name].([]any); ok && len(list) > 1 {
			doc[name] = []any{primary(list)}
		}
	}
	if err := taken(p, doc, kept); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(kept, func(keys []string) bool { return keys[0] == "name" }) { // else it is not whole yet
		formatName(p, doc)
	}
	doc["schemas"] = schemasOf(doc)
	return doc, nil
}

// formatName writes a name out where a change of it is sent as that, unless the name has it, or is to lose it.
func formatName(p profiles.Profile, doc fields) {
	name, ok := doc["name"].(fields)
	if _, there := name["formatted"]; !ok || there || len(p.Users.Unpatched) == 0 {
		return
	}
	given, _ := name["givenName"].(string)
	family, _ := name["familyName"].(string)
	if whole := strings.TrimSpace(given + " " + family); whole != "" {
		name["formatted"] = whole
	}
}

// taken says what the product would refuse a User for. What the account keeps, whatever it is, is not missing.
func taken(p profiles.Profile, doc fields, kept [][]string) error {
	var missing []string
	for _, path := range p.Users.Required {
		if mapping.Lookup(doc, split(path)) == nil && !among(kept, path) {
			missing = append(missing, path)
		}
	}
	if len(missing) > 0 {
		return needs(ClassNeedsData, "%s takes no User without %s: add it in the identity provider",
			p.Title, strings.Join(missing, ", "))
	}
	for _, path := range slices.Sorted(maps.Keys(p.Users.Names)) {
		if broken := breaks(p.Users.Names[path], mapping.Lookup(doc, split(path))); broken != "" {
			return needs(ClassNeedsData, "%s takes no %s %s: change it in the identity provider", p.Title, path, broken)
		}
	}
	return nil
}

// breaks says how a text breaks a product's rule; empty: it does not.
func breaks(rule profiles.NameRule, value any) string {
	text, _ := value.(string)
	switch {
	case rule.Longest > 0 && utf8.RuneCountInString(text) > rule.Longest:
		return fmt.Sprintf("of more than %d characters, such as %q", rule.Longest, text)
	case rule.Without != "" && strings.ContainsAny(text, rule.Without):
		return fmt.Sprintf("with one of the characters %s, such as %q", rule.Without, text)
	}
	return ""
}

func schemasOf(doc fields) []any {
	schemas := []any{resources.SchemaUser}
	for key := range doc {
		if strings.HasPrefix(strings.ToLower(key), "urn:") {
			schemas = append(schemas, key)
		}
	}
	slices.SortFunc(schemas[1:], func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	return schemas
}

// primary is the value of a multi-valued attribute that is marked primary, else the first.
func primary(list []any) any {
	for _, v := range list {
		if m, ok := v.(fields); ok && m["primary"] == true {
			return v
		}
	}
	return list[0]
}

// split divides a path "a.b" into keys; of extensions, the enterprise one is looked into.
func split(path string) []string {
	if inside, ok := strings.CutPrefix(path, resources.SchemaEnterprise+":"); ok {
		return append([]string{resources.SchemaEnterprise}, strings.Split(inside, ".")...)
	}
	if strings.HasPrefix(path, "urn:") {
		return []string{path} // a profile names another as a whole
	}
	return strings.Split(path, ".")
}

// only is what a document has at some paths.
func only(doc fields, paths []string) fields {
	out := fields{}
	for _, path := range paths {
		if value := mapping.Lookup(doc, split(path)); value != nil {
			mapping.Set(out, split(path), value)
		}
	}
	return out
}

// held is which of the wanted attributes a resource read from the app has already, in the form of Account.Written.
func held(want fields, remote client.Document) fields {
	out := fields{}
	for key, value := range want {
		if same(remote.Get(key), value) {
			out[key] = value
		}
	}
	if _, ok := remote.Get("active").(bool); ok {
		out["active"] = remote.Get("active")
	}
	return out
}

// merged is a resource read from the app with the wanted attributes in place, for a PUT: what the app has beside them
// stays, what was written before and is no longer wanted goes.
func merged(remote client.Document, written, want fields) fields {
	out := fields{}
	for key, value := range remote {
		out[key] = value
	}
	drop := func(name string) {
		for key := range out {
			if strings.EqualFold(key, name) {
				delete(out, key)
			}
		}
	}
	for key := range written {
		drop(key)
	}
	for key, value := range want {
		drop(key)
		out[key] = value
	}
	drop("meta")
	drop("groups")
	return out
}

func decodeFields(text []byte) (fields, error) {
	if len(text) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var doc fields
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decode its document: %w", err)
	}
	return doc, nil
}

// nul is NUL in JSON, or a backslash: read from the left, so that an escaped one before "u0000" is not taken for NUL.
var nul = regexp.MustCompile(`\\\\|\\u0000`)

func encodeFields(doc any) json.RawMessage {
	text, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("push: %v", err)) // decoded JSON and strings always encode
	}
	if bytes.Contains(text, []byte(`\u0000`)) { // no database keeps NUL in a text, and apps may show it
		text = nul.ReplaceAllFunc(text, func(found []byte) []byte {
			if len(found) == 2 {
				return found
			}
			return nil
		})
	}
	return text
}

// same compares decoded JSON by its canonical text.
func same(a, b any) bool { return bytes.Equal(encodeFields(a), encodeFields(b)) }
