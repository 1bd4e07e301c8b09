package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

type listedStream struct {
	ID, Connection, Method, Status, Reason string
	Waiting                                int
	Events                                 []string
}

func (i *installation) streams() []listedStream {
	i.t.Helper()
	var list []listedStream
	if err := json.Unmarshal([]byte(i.command("stream", "list", "--company", "Streams", "--json")), &list); err != nil {
		i.t.Fatal(err)
	}
	return list
}

// TestStreamsOnTheRunningServer: a stream made by command is polled by its receiver, which hears of a change over SCIM; it
// can be paused, and removed.
func TestStreamsOnTheRunningServer(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Streams", "--domain", "streams.example", "--assume-verified")
	idp := strings.TrimSpace(i.command("token", "create", "--company", "Streams", "--connection", "idp"))
	receiver := strings.TrimSpace(i.command("token", "create", "--company", "Streams", "--connection", "badges", "--scope", "ssf.manage"))
	id := strings.TrimSpace(i.command("stream", "create", "--company", "Streams", "--connection", "badges"))
	i.serve()

	call := func(token, method, path, body string) (int, object) {
		t.Helper()
		req, err := http.NewRequest(method, i.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var o object
		if err := json.NewDecoder(resp.Body).Decode(&o); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, o
	}
	status, metadata := call(receiver, "GET", "/.well-known/ssf-configuration", "")
	issuer, _ := metadata["issuer"].(string)
	if status != http.StatusOK || !strings.HasPrefix(issuer, i.url+"/ssf/") {
		t.Fatalf("metadata: %d %v", status, metadata)
	}
	if status, _ = call(idp, "GET", "/.well-known/ssf-configuration", ""); status != http.StatusForbidden {
		t.Errorf("a token for SCIM alone: %d, want 403", status)
	}
	status, made := call(idp, "POST", "/scim/v2/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a@streams.example"}`)
	if status != http.StatusCreated {
		t.Fatalf("create: %d %v", status, made)
	}
	status, polled := call(receiver, "POST", strings.TrimPrefix(issuer, i.url)+"/poll/"+id, `{}`)
	if sets, _ := polled["sets"].(object); status != http.StatusOK || len(sets) != 1 {
		t.Errorf("poll: %d %v, want one event", status, polled)
	}
	if list := i.streams(); len(list) != 1 || list[0].ID != id || list[0].Waiting != 1 || list[0].Method != "poll" || len(list[0].Events) != 9 {
		t.Errorf("the list is %+v", list)
	}
	i.command("stream", "pause", id, "--company", "Streams")
	if list := i.streams(); list[0].Status != "paused" || list[0].Waiting != 2 { // the receiver is told that it is paused
		t.Errorf("after pausing, the list is %+v", list)
	}
	if key := strings.TrimSpace(i.command("stream", "rotate-key", "--company", "Streams")); key == "" {
		t.Error("no id of the new key is printed")
	}
	i.command("stream", "remove", id, "--company", "Streams")
	if list := i.streams(); len(list) != 0 {
		t.Errorf("after removal, the list is %+v", list)
	}
}
