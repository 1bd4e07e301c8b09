package main_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"proprio/db/dbtest"
)

// foreignServer is a SCIM server that is not ours, run as a process of its own.
type foreignServer struct {
	name  string
	start func(t *testing.T) (base string)
}

const foreignToken = "token-of-the-foreign-server"

var foreignServers = []foreignServer{
	{"scimmy-routers", startScimmy},
	{"scim2-server", startScim2Server},
}

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
			runForeign(t, newCaller(i.url+"/scim/v2", token), newCaller(base, foreignToken))
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
	gone, err := target.find("/Users", "userName", name(3))
	if err != nil || gone == nil || gone["active"] != false {
		t.Errorf("a removed user must stay in the app, inactive: %v %v", gone, err)
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

func startScimmy(t *testing.T) string {
	dir := component(t, "PROPRIO_TEST_SCIMMY", "a copy of testdata/scimmy after npm install")
	cmd := exec.Command("node", "server.mjs")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SCIM_TOKEN="+foreignToken)
	stdin, err := cmd.StdinPipe() // the server ends when this closes
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, cmd)
	t.Cleanup(func() { stdin.Close() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		t.Fatalf("scimmy-routers did not start: %q %v", line, err)
	}
	return address + "/scim/v2"
}

func startScim2Server(t *testing.T) string {
	program := component(t, "PROPRIO_TEST_SCIM2_SERVER", "the path of scim2-server")
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(program, "--hostname", "127.0.0.1", "--port", port, "--bearer-token", foreignToken))
	base := "http://" + address + "/v2"
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(base + "/ServiceProviderConfig")
		if err == nil {
			resp.Body.Close()
			return base
		}
		if time.Now().After(deadline) {
			t.Fatalf("scim2-server did not start: %v", err)
		}
	}
}

// component names something outside Go that a test needs. Without it the test is skipped, or fails in CI.
func component(t *testing.T, variable, what string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not set; it is required in CI: %s", variable, what)
		}
		t.Skipf("skipped: set %s to %s", variable, what)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return absolute
}

// run starts a process that dies with the test.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := dbtest.StartTied(cmd, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
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
