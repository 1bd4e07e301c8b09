package scim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/ownership"
	"proprio/resources"
	"proprio/scim"
)

const (
	userURN       = resources.SchemaUser
	groupURN      = resources.SchemaGroup
	enterpriseURN = resources.SchemaEnterprise
	publicURL     = "https://directory.example"
	base          = publicURL + scim.BasePath
)

var system = audit.Actor{Kind: audit.ActorSystem, Name: "test"}

// openPolicy lets everybody in: the company's rules have tests of their own.
type openPolicy struct{}

func (openPolicy) Judge(context.Context, string, resources.Document, int64) (resources.Judgement, error) {
	return resources.Judgement{}, nil
}

// world is a server over a real database.
type world struct {
	t      testing.TB
	db     *db.DB
	server *scim.Server
	url    string
	stop   func() // waits for the requests under way
}

// newWorld starts a server. change may set its fields before.
func newWorld(t testing.TB, d *db.DB, change ...func(*scim.Server)) *world {
	t.Helper()
	registry := d // as the program has it: companies may have resource types of their own
	s := &scim.Server{
		Directory: &resources.Directory{
			Registry: registry, Store: d, Policy: openPolicy{}, Now: time.Now,
			NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		},
		Store: d, Connections: d, Registry: registry, PublicURL: publicURL, Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(s)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return &world{t: t, db: d, server: s, url: server.URL, stop: server.Close}
}

// on is the same world in a sub-test.
func (w *world) on(t testing.TB) *world {
	sub := *w
	sub.t = t
	return &sub
}

// tenant is one identity provider of one company.
type tenant struct {
	*world
	company    string
	connection resources.Connection
	token      string
}

func (w *world) tenant(company, preset string) tenant {
	w.t.Helper()
	ctx := context.Background()
	c, err := w.db.CreateCompany(ctx, system, ownership.Company{ID: uuid.Must(uuid.NewV7()).String(), Name: company})
	if err != nil {
		w.t.Fatalf("create company: %v", err)
	}
	switches, err := resources.PresetSwitches(preset)
	if err != nil {
		w.t.Fatal(err)
	}
	connection, err := w.db.CreateConnection(ctx, system, resources.Connection{
		ID: uuid.Must(uuid.NewV7()).String(), Company: c.ID, Name: "identity provider", Preset: preset, Switches: switches,
	})
	if err != nil {
		w.t.Fatalf("create connection: %v", err)
	}
	return tenant{w, c.ID, connection, w.issue(connection, time.Time{}, scim.Scope)}
}

// issue makes a token of a connection.
func (w *world) issue(c resources.Connection, expires time.Time, scopes ...string) string {
	w.t.Helper()
	token, hash := resources.NewToken()
	err := w.db.CreateToken(context.Background(), system, resources.Token{
		ID: uuid.Must(uuid.NewV7()).String(), Company: c.Company, Connection: c.ID, Scopes: scopes, Expires: expires,
	}, hash)
	if err != nil {
		w.t.Fatalf("create token: %v", err)
	}
	return token
}

// answer is what a request came back with.
type answer struct {
	t      testing.TB
	call   string
	status int
	header http.Header
	body   string
}

// do sends a request. body is JSON text, bytes, or anything that JSON can hold; headers are name and value in turn, and
// one with an empty value is not sent.
func (c tenant) do(method, path string, body any, headers ...string) answer {
	c.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			c.t.Fatalf("marshal body: %v", err)
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequest(method, c.url+scim.BasePath+strings.ReplaceAll(path, " ", "%20"), reader)
	if err != nil {
		c.t.Fatalf("request: %v", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if reader != nil {
		req.Header.Set("Content-Type", "application/scim+json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" && headers[i] != "User-Agent" { // an empty User-Agent is what makes net/http send none
			req.Header.Del(headers[i])
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{c.t, method + " " + path[:min(len(path), 120)], resp.StatusCode, resp.Header, string(data)}
}

// must fails the test unless the status is one of those.
func (a answer) must(statuses ...int) answer {
	a.t.Helper()
	for _, s := range statuses {
		if a.status == s {
			return a
		}
	}
	a.t.Fatalf("%s: status %d, want %v\n%.1000s", a.call, a.status, statuses, a.body)
	return a
}

// json decodes the body.
func (a answer) json() map[string]any {
	a.t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.t.Fatalf("%s: body is not JSON: %v\n%.1000s", a.call, err, a.body)
	}
	return v
}

// at follows keys (string) and positions (int) into the body; nil where there is nothing.
func (a answer) at(path ...any) any {
	a.t.Helper()
	var v any = a.json()
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

func (a answer) text(path ...any) string {
	a.t.Helper()
	s, _ := a.at(path...).(string)
	return s
}

// scimError checks that the body is a SCIM error with that scimType (RFC 7644 §3.12) whose detail mentions something.
func (a answer) scimError(status int, scimType, mentions string) {
	a.t.Helper()
	a.must(status)
	if got := a.header.Get("Content-Type"); got != "application/scim+json;charset=utf-8" {
		a.t.Errorf("%s: Content-Type %q", a.call, got)
	}
	if got := a.text("schemas", 0); got != "urn:ietf:params:scim:api:messages:2.0:Error" {
		a.t.Errorf("%s: schemas %q", a.call, got)
	}
	if got := a.text("status"); got != itoa(status) {
		a.t.Errorf("%s: status member %q, want %q as a string", a.call, got, itoa(status))
	}
	if got := a.text("scimType"); got != scimType {
		a.t.Errorf("%s: scimType %q, want %q (%s)", a.call, got, scimType, a.text("detail"))
	}
	if detail := a.text("detail"); detail == "" || !strings.Contains(detail, mentions) {
		a.t.Errorf("%s: detail %q does not mention %q", a.call, detail, mentions)
	} else if len(detail) > 500 {
		a.t.Errorf("%s: the detail has %d bytes: it echoes what was sent", a.call, len(detail))
	}
}

func itoa(n int) string {
	data, _ := json.Marshal(n)
	return string(data)
}

type object = map[string]any

func user(userName string, more ...object) object {
	o := object{"schemas": []string{userURN}, "userName": userName}
	for _, m := range more {
		for k, v := range m {
			o[k] = v
		}
	}
	return o
}

func patch(ops ...object) object {
	return object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": ops}
}

func op(op, path string, value any) object {
	return object{"op": op, "path": path, "value": value}
}

// addUser and addGroup create a resource and return its id.
func (c tenant) addUser(userName string, more ...object) string {
	c.t.Helper()
	return c.do("POST", "/Users", user(userName, more...)).must(201).text("id")
}

func (c tenant) addGroup(name string, members ...string) string {
	c.t.Helper()
	list := []object{}
	for _, m := range members {
		list = append(list, object{"value": m})
	}
	o := object{"schemas": []string{groupURN}, "displayName": name, "members": list}
	return c.do("POST", "/Groups", o).must(201).text("id")
}

// everything is all that the tenant can see, as text, to compare before and after.
func (c tenant) everything() string {
	c.t.Helper()
	return c.do("GET", "/Users?count=1000", nil).must(200).body + "\n" + c.do("GET", "/Groups?count=1000", nil).must(200).body
}
