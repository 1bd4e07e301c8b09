package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestForeignServersEndEqual pushes the same data into SCIM servers written by others, and reads it back over HTTP: it is
// equal on both sides, and stays so after a change, a deactivation, a group change and deletions.
func TestForeignServersEndEqual(t *testing.T) {
	for _, f := range foreignServers {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			base := f.start(t)
			i := newInstallation(t, "")
			i.command("company", "create", "Foreign", "--domain", "foreign.example", "--assume-verified")
			token := i.command("token", "create", "--company", "Foreign", "--connection", "idp")
			i.addApp("Foreign", "target", base, foreignToken)
			i.serve()
			source, target := newCaller(i.url+"/scim/v2", token), newCaller(base, foreignToken)
			runForeign(t, source, target)
			runForeignAccess(t, i, source, target)
		})
	}
}

func runForeign(t *testing.T, source, target *caller) {
	ids := map[string]string{}
	for n := range 12 {
		u := source.must(t, "POST", "/Users", foreignUser(n), 201)
		ids[u["userName"].(string)] = u["id"].(string)
	}
	name := func(n int) string { return fmt.Sprintf("user%d@foreign.example", n) }
	member := func(numbers ...int) (out []object) {
		for _, n := range numbers {
			out = append(out, object{"value": ids[name(n)]})
		}
		return out
	}
	crew := source.must(t, "POST", "/Groups", object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "Équipe", "members": member(0, 1, 2, 3),
	}, 201)["id"].(string)
	spare := source.must(t, "POST", "/Groups", object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "Spare", "members": member(4),
	}, 201)["id"].(string)
	awaitEqual(t, source, target, "creation")

	source.must(t, "PATCH", "/Users/"+ids[name(0)], patch(
		object{"op": "replace", "path": "title", "value": "Directrice"},
		object{"op": "replace", "path": "name.familyName", "value": "Brémond"},
		object{"op": "replace", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Direction"},
		object{"op": "add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "value": ids[name(7)]},
		object{"op": "remove", "path": "nickName"},
	), 200)
	awaitEqual(t, source, target, "a change")

	source.must(t, "PATCH", "/Users/"+ids[name(1)], patch(object{"op": "Replace", "path": "active", "value": "False"}), 200)
	awaitEqual(t, source, target, "a deactivation")

	source.must(t, "PATCH", "/Groups/"+crew, patch(
		object{"op": "remove", "path": fmt.Sprintf("members[value eq %q]", ids[name(2)])},
		object{"op": "add", "path": "members", "value": member(5, 6)},
	), 200)
	awaitEqual(t, source, target, "a group change")

	source.must(t, "DELETE", "/Users/"+ids[name(3)], nil, 204)
	source.must(t, "DELETE", "/Groups/"+spare, nil, 204)
	awaitEqual(t, source, target, "deletions")
	if gone := target.one(t, name(3)); gone == nil || gone["active"] != false {
		t.Errorf("a removed user must stay in the app, inactive: %v", gone)
	}
}

// runForeignAccess goes on with what decides who is in: a new name, somebody who leaves and comes back, and a member whose
// account cannot be made at first. In the end a comparison finds everything as it was written.
func runForeignAccess(t *testing.T, i *installation, source, target *caller) {
	anna := source.must(t, "POST", "/Users", foreignUser(20), 201)["id"].(string)
	crew := source.must(t, "POST", "/Groups", object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "Access", "members": []object{{"value": anna}},
	}, 201)["id"].(string)
	awaitEqual(t, source, target, "another group")
	before := target.one(t, "user20@foreign.example")["id"]

	source.must(t, "PATCH", "/Users/"+anna, patch(
		object{"op": "replace", "path": "userName", "value": "anne@foreign.example"},
		object{"op": "replace", "path": `emails[type eq "work"].value`, "value": "anne@foreign.example"},
	), 200)
	awaitEqual(t, source, target, "a new name")
	if after := target.one(t, "anne@foreign.example")["id"]; after != before {
		t.Errorf("the renamed account is %v, want %v as before", after, before)
	}

	for _, active := range []bool{false, true} {
		source.must(t, "PATCH", "/Users/"+anna, patch(object{"op": "replace", "path": "active", "value": active}), 200)
		awaitEqual(t, source, target, fmt.Sprintf("active=%t", active))
	}

	byHand := target.must(t, "POST", "/Users", foreignUser(21), 201)["id"].(string)
	ben := source.must(t, "POST", "/Users", foreignUser(21), 201)["id"].(string)
	source.must(t, "PATCH", "/Groups/"+crew, patch(object{"op": "add", "path": "members", "value": []object{{"value": ben}}}), 200)
	awaitSaid(t, i, "partial", "app", "status", "target")
	target.must(t, "DELETE", "/Users/"+byHand, nil, 204)
	i.command("app", "retry", "target")
	awaitEqual(t, source, target, "a member whose account came late")

	said := i.command("app", "compare", "target")
	if !regexp.MustCompile(`^matched \d+\na repair would do nothing$`).MatchString(said) {
		t.Errorf("a comparison says %q, want all to match", said)
	}
}

// awaitSaid waits until a command says something.
func awaitSaid(t *testing.T, i *installation, want string, args ...string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		said := i.command(args...)
		if strings.Contains(said, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("proprio %s says %q, want %q", strings.Join(args, " "), said, want)
		}
	}
}

func patch(ops ...object) object {
	return object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": ops}
}

func foreignUser(n int) object {
	name := fmt.Sprintf("user%d@foreign.example", n)
	return object{
		"schemas": []string{
			"urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
		},
		"userName": name, "externalId": fmt.Sprintf("ext-%d", n), "active": true,
		"displayName": fmt.Sprintf("Zoé n° %d", n), "title": "Ébéniste", "preferredLanguage": "fr-FR",
		"name":     object{"givenName": "Zoé", "familyName": fmt.Sprintf("O'Neill-%d", n)},
		"nickName": "Zo", "userType": "Employee", "locale": "fr-FR", "timezone": "Europe/Paris",
		"emails":       []object{{"value": name, "type": "work", "primary": true}},
		"phoneNumbers": []object{{"value": "+33 1 23 45 67 89", "type": "work"}},
		"addresses":    []object{{"type": "work", "streetAddress": "1 rue du Bois", "locality": "Nantes", "postalCode": "44000", "country": "FR"}},
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": object{
			"employeeNumber": fmt.Sprint(1000 + n), "department": "Atelier", "costCenter": "CC-7", "organization": "Atelier Brémond",
		},
	}
}

// awaitEqual waits until the app holds what the company holds.
func awaitEqual(t *testing.T, source, target *caller, after string) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		want, got := visible(t, source), visible(t, target)
		for name := range got {
			if want[name] == nil && retired(got[name]) {
				delete(got, name)
			}
		}
		if reflect.DeepEqual(want, got) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s the two sides differ:\nhere  %v\nthere %v", after, want, got)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// retired says whether what is gone here no longer counts there: a User is inactive, a Group has no members.
func retired(row object) bool {
	if members, group := row["members"].([]string); group {
		return len(members) == 0
	}
	return row["active"] == false
}

// own are what each server makes up itself, or keeps apart.
var own = []string{"id", "meta", "schemas", "externalId", "groups", "urn:proprio:scim:schemas:extension:ownership:1.0:User"}

// visible is all that an outsider sees of Users and Groups, by name; references to Users by userName.
func visible(t *testing.T, c *caller) map[string]object {
	t.Helper()
	out, names := map[string]object{}, map[string]string{}
	users := c.all(t, "/Users")
	for _, u := range users {
		names[u["id"].(string)] = u["userName"].(string)
	}
	for _, u := range users {
		name := u["userName"].(string)
		for _, key := range own {
			delete(u, key)
		}
		if enterprise, ok := u["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(object); ok {
			if manager, ok := enterprise["manager"].(object); ok {
				id, _ := manager["value"].(string)
				enterprise["manager"] = names[id]
			}
		}
		out[name], _ = assigned(u).(object)
	}
	for _, g := range c.all(t, "/Groups") {
		members := []string{}
		list, _ := g["members"].([]any)
		for _, m := range list {
			members = append(members, names[m.(object)["value"].(string)])
		}
		slices.Sort(members)
		out[g["displayName"].(string)] = object{"members": members}
	}
	return out
}

// assigned leaves out what means the same as nothing (RFC 7643 §2.5), `primary` that is false, and references' addresses,
// and puts values into one order.
func assigned(v any) any {
	switch v := v.(type) {
	case object:
		for key, inner := range v {
			inner = assigned(inner)
			if inner == nil || key == "$ref" || key == "primary" && inner == false {
				delete(v, key)
				continue
			}
			v[key] = inner
		}
		if len(v) == 0 {
			return nil
		}
		return v
	case []any:
		var kept []any
		for _, e := range v {
			if e = assigned(e); e != nil {
				kept = append(kept, e)
			}
		}
		slices.SortFunc(kept, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		if len(kept) == 0 {
			return nil
		}
		return kept
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

// addApp adds a downstream app on this machine.
func (i *installation) addApp(company, name, url, secret string, more ...string) {
	i.t.Helper()
	token := filepath.Join(i.t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(secret), 0o600); err != nil {
		i.t.Fatal(err)
	}
	i.command(append([]string{"app", "add", name, "--company", company, "--profile", "generic", "--url", url,
		"--token-file", token, "--allow-private"}, more...)...)
}
