package main_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestConnectionCommands: a preset and switches are set by command, are in force with the next request of the running
// server, and are shown with the client that the requests show and the attributes that are not known.
func TestConnectionCommands(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Switches", "--domain", "switches.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Switches", "--connection", "idp", "--preset", "okta")
	i.serve()
	client := newCaller(i.url+"/scim/v2", token)
	in := []string{"idp", "--company", "Switches"}
	command := func(words ...string) string {
		return i.command(append(append([]string{"connection", words[0]}, in...), words[1:]...)...)
	}
	show := func() object {
		var o object
		if err := json.Unmarshal([]byte(command("show", "--json")), &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	odd := object{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "shoeSize": 44}
	post := func(name string, want int) {
		t.Helper()
		odd["userName"] = name + "@switches.example"
		if status, _, err := client.do("POST", "/Users", odd); err != nil || status != want {
			t.Errorf("POST of an unknown attribute: %d %v, want %d", status, err, want)
		}
	}
	settings := show()["settings"].(object)
	if settings["reviveInactive"] != "on" || settings["strictAttributes"] != "off" || settings["massLossCount"] != "15" {
		t.Errorf("settings of a new connection: %v", settings)
	}
	post("one", 201)
	command("set", "--switch", "strictAttributes=on", "--switch", "massLossCount=200")
	settle()
	post("two", 400)
	settings = show()["settings"].(object)
	if settings["reviveInactive"] != "on" || settings["strictAttributes"] != "on" || settings["massLossCount"] != "200" {
		t.Errorf("settings: %v", settings)
	}
	command("set", "--preset", "Entra", "--switch", "strictAttributes=off")
	settings = show()["settings"].(object)
	if settings["reviveInactive"] != "off" || settings["unquotedValues"] != "on" || settings["massLossCount"] != "15" || show()["preset"] != "entra" {
		t.Errorf("settings of the preset: %v", settings)
	}
	settle()
	post("three", 201)
	if _, _, err := client.do("GET", "/Users?startIndex=1&count=2", nil); err != nil { // how Okta begins
		t.Fatal(err)
	}

	var seen object
	for seen = show(); seen["client"] == nil || len(seen["unknown"].([]any)) == 0; seen = show() { // written within a second
		if t.Context().Err() != nil {
			t.Fatal("what the requests show is not recorded")
		}
	}
	if seen["client"] != "okta" || seen["clientBy"] != "request" {
		t.Errorf("client %v by %v", seen["client"], seen["clientBy"])
	}
	if unknown := seen["unknown"].([]any)[0].(object); unknown["path"] != "shoeSize" {
		t.Errorf("unknown %v", unknown)
	}
	text := command("show")
	for _, says := range []string{"preset entra", "okta, by request; the preset is entra, another one", "switch\tunquotedValues=on", "unknown\tshoeSize"} {
		if !strings.Contains(text, says) {
			t.Errorf("show lacks %q:\n%s", says, text)
		}
	}
	command("resume") // nothing is held: no error
	if _, err := i.try("connection", "resume", "nobody", "--company", "Switches"); err == nil {
		t.Error("a connection that is not there was resumed")
	}
}
