package rest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"proprio/push"
	"proprio/push/profiles"
	"proprio/push/rest"
	"proprio/push/rest/standin"
	"proprio/scim/client"
)

// canned opens a product whose server answers from a table: path and query to body. What is not in it is answered 404.
func canned(t *testing.T, protocol, base, credential string, answers map[string]string) (push.Remote, string) {
	t.Helper()
	var host string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.RequestURI()
		if r.Method == http.MethodPost {
			text, _ := io.ReadAll(r.Body)
			key = r.URL.Path + " " + string(text)
		}
		w.Header().Set("Content-Type", "application/json")
		body, known := answers[key]
		if !known {
			t.Logf("asked %s", key)
			w.WriteHeader(http.StatusNotFound)
			body = `{"message": "not found"}`
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	host = server.URL
	remote, err := rest.Connectors()[protocol](profiles.Profile{},
		client.Config{BaseURL: host + base, Token: credential, AllowPlain: true, Transport: client.Transport(false)})
	if err != nil {
		t.Fatal(err)
	}
	return remote, host
}

func unmarshal(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

// A list that may not be whole is an error, never a short list: what is missing from it might be taken away from people.
func TestAListThatIsNotWholeIsAnError(t *testing.T) {
	t.Parallel()
	const lastpass = `{"cid":7,"cmd":"getuserdata","provhash":"h"}`
	for _, c := range []struct {
		name, protocol, base, credential string
		answers                          map[string]string
		want                             any
	}{
		{"HubSpot names the same page again", "hubspot", "", "t", map[string]string{
			"/?limit=100":         `{"results": [{"id": "1", "email": "a@x.fr"}], "paging": {"next": {"after": "9"}}}`,
			"/?after=9&limit=100": `{"results": [{"id": "2", "email": "b@x.fr"}], "paging": {"next": {"after": "9"}}}`,
		}, &client.IncompleteError{}},
		{"HubSpot answers without a list", "hubspot", "", "t", map[string]string{"/?limit=100": `{"status": "ok"}`}, &client.BrokenAnswer{}},
		{"HubSpot answers with a page for people", "hubspot", "", "t", map[string]string{"/?limit=100": `<html>`}, &client.BrokenAnswer{}},
		{"HubSpot lists somebody without an id", "hubspot", "", "t", map[string]string{"/?limit=100": `{"results": [{"email": "a@x.fr"}]}`}, &client.BrokenAnswer{}},
		{"LastPass counts more than it lists", "lastpass", "", `{"cid": 7, "provhash": "h"}`, map[string]string{
			"/ " + lastpass: `{"total": 3, "count": 1, "Users": {"1": {"username": "a@x.fr"}}}`}, &client.IncompleteError{}},
		{"LastPass lists nobody at all", "lastpass", "", `{"cid": 7, "provhash": "h"}`, map[string]string{"/ " + lastpass: `{"total": 3}`}, &client.BrokenAnswer{}},
		{"Pipedrive has more than it lists", "pipedrive", "", "t", map[string]string{
			"/users": `{"success": true, "data": [], "additional_data": {"pagination": {"more_items_in_collection": true}}}`}, &client.IncompleteError{}},
		{"Pipedrive lists nothing", "pipedrive", "", "t", map[string]string{"/users": `{"success": true, "data": null}`}, &client.BrokenAnswer{}},
		{"Zendesk has more, but says not where", "zendesk", "", "t", map[string]string{
			"/users?page%5Bsize%5D=100&role%5B%5D=agent&role%5B%5D=admin": `{"users": [], "meta": {"has_more": true}}`}, &client.IncompleteError{}},
		{"Dropbox has more, but says not where", "dropbox", "", "t", map[string]string{
			`/team/members/list_v2 {"include_removed":false,"limit":1000}`: `{"members": [], "has_more": true}`}, &client.IncompleteError{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			remote, _ := canned(t, c.protocol, c.base, c.credential, c.answers)
			err := remote.Each(t.Context(), "/Users", client.ListOptions{}, func(client.Document) error { return nil })
			var incomplete *client.IncompleteError
			var broken *client.BrokenAnswer
			switch c.want.(type) {
			case *client.IncompleteError:
				if !errors.As(err, &incomplete) {
					t.Errorf("%v, want an incomplete list", err)
				}
			default:
				if !errors.As(err, &broken) {
					t.Errorf("%v, want a broken answer", err)
				}
			}
		})
	}
}

// LastPass answers "success" to a command that changed nobody, too: nobody is taken for locked out who is not.
func TestLastPassIsNotBelievedBlindly(t *testing.T) {
	t.Parallel()
	remote, _ := canned(t, "lastpass", "", `{"cid": 7, "provhash": "h"}`, map[string]string{
		`/ {"cid":7,"cmd":"getuserdata","provhash":"h"}`:                   `{"total": 1, "Users": {"1": {"username": "a@x.fr", "disabled": false}}}`,
		`/ {"cid":7,"cmd":"disableuser","data":["a@x.fr"],"provhash":"h"}`: `{"status": "success", "unchanged_users": ["a@x.fr"]}`,
	})
	_, err := remote.Patch(t.Context(), "/Users", "1", []client.Operation{{Op: "replace", Value: map[string]any{"active": false}}})
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		t.Errorf("%v, want a refusal", err)
	}
}

// An address of another domain is answered 403 by Google. It is nobody, as long as the list answers: one outside address must
// not stop the app for everybody.
func TestGoogleKnowsNobodyOfAnotherDomain(t *testing.T) {
	t.Parallel()
	s := standin.Google(t)
	remote, err := rest.Connectors()["google"](profiles.Profile{}, client.Config{BaseURL: s.URL, Token: s.Credential, AllowPlain: true, Transport: client.Transport(false)})
	if err != nil {
		t.Fatal(err)
	}
	lookUp := func() error {
		return remote.Each(t.Context(), "/Users", client.ListOptions{Filter: `userName eq "anna@elsewhere.example"`}, func(client.Document) error { return nil })
	}
	foreign := func(r standin.Request) bool { return strings.Contains(r.Path, "elsewhere") }
	s.SetFault(func(_ int, r standin.Request) *standin.Fault {
		if foreign(r) {
			return &standin.Fault{Status: http.StatusForbidden}
		}
		return nil
	})
	if err := lookUp(); err != nil {
		t.Errorf("%v, want nobody", err)
	}
	var refused *client.Error
	s.SetFault(func(int, standin.Request) *standin.Fault { return &standin.Fault{Status: http.StatusForbidden} })
	if err := lookUp(); !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		t.Errorf("%v, want a refusal of all", err)
	}
}

// A page limit is an error, too, and what is not there is not confused with what cannot be asked.
func TestLimitsAndAbsence(t *testing.T) {
	t.Parallel()
	remote, _ := canned(t, "hubspot", "", "t", map[string]string{
		"/?limit=1":   `{"results": [{"id": "1", "email": "a@x.fr"}], "paging": {"next": {"after": "9"}}}`,
		"/?limit=100": `{"results": []}`,
	})
	none := func(client.Document) error { return nil }
	var incomplete *client.IncompleteError
	if err := remote.Each(t.Context(), "/Users", client.ListOptions{PageSize: 1, MaxPages: 1}, none); !errors.As(err, &incomplete) {
		t.Errorf("one page of two: %v", err)
	}
	if err := remote.Each(t.Context(), "/Users", client.ListOptions{Filter: `userName eq "z@x.fr"`}, func(client.Document) error {
		t.Error("somebody was found")
		return nil
	}); err != nil {
		t.Errorf("nobody there: %v", err)
	}
	var refused *client.Error
	if err := remote.Each(t.Context(), "/Groups", client.ListOptions{}, none); !errors.As(err, &refused) || refused.Status != http.StatusNotImplemented {
		t.Errorf("groups: %v", err)
	}
	if err := remote.Each(t.Context(), "/Users", client.ListOptions{Filter: `title co "x"`}, none); !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
		t.Errorf("another filter: %v", err)
	}
	if _, err := remote.Get(t.Context(), "/Users", ".."); !errors.As(err, &refused) {
		t.Errorf("an id that is a step along the path: %v", err)
	}

	wrong, _ := canned(t, "hubspot", "/elsewhere", "t", nil)
	err := wrong.Each(t.Context(), "/Users", client.ListOptions{Filter: `userName eq "z@x.fr"`}, none)
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("a wrong address says that nobody is there: %v", err)
	}
}
