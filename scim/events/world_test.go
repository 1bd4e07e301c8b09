package events_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/ownership"
	"proprio/resources"
	"proprio/scim"
	"proprio/scim/events"
)

const publicURL = "https://directory.example"

var system = audit.Actor{Kind: audit.ActorCommand}

// openPolicy lets everybody in but who is called "outsider", who is put on hold.
type openPolicy struct{}

func (openPolicy) Judge(_ context.Context, _ string, doc resources.Document, _ int64) (resources.Judgement, error) {
	if doc["displayName"] == "outsider" {
		return resources.Judgement{Hold: "not of this company"}, nil
	}
	return resources.Judgement{}, nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// world is a SCIM server with event streams over a real database, and a clock that a test can put forward.
type world struct {
	t         *testing.T
	db        *db.DB
	scim      *scim.Server
	publisher *events.Publisher
	bell      *events.Bell
	url       string
	serve     func(stopping <-chan struct{}, wait time.Duration) http.Handler // another server over the same streams

	mu    sync.Mutex
	ahead time.Duration
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// later puts the clock forward.
func (w *world) later(d time.Duration) {
	w.mu.Lock()
	w.ahead += d
	w.mu.Unlock()
	w.bell.Ring()
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, db: d, bell: &events.Bell{}}
	registry := resources.NewRegistry()
	server := &scim.Server{
		Directory: &resources.Directory{Registry: registry, Store: d, Policy: openPolicy{}, Now: time.Now, NewID: newID},
		Store:     d, Connections: d, Registry: registry, PublicURL: publicURL, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		EventURIs: events.SCIM(),
		Observe:   func(context.Context, string, string, int, time.Duration) { w.bell.Ring() },
	}
	w.scim = server
	server.Async = scim.NewAsync(d, func(ctx context.Context, r resources.AsyncRequest) ([]string, error) {
		return w.publisher.Signed(ctx, r)
	})
	w.publisher = &events.Publisher{
		Store: d, Changes: d, Registry: registry, Resources: d, Documents: server.Documents(),
		Signer: &events.Signer{Keys: d, PublicURL: publicURL, Now: w.now, NewID: newID},
		Now:    w.now, NewID: newID, Log: slog.New(slog.DiscardHandler),
	}
	mux := http.NewServeMux()
	w.serve = func(stopping <-chan struct{}, wait time.Duration) http.Handler {
		mux := http.NewServeMux()
		(&events.Server{Publisher: w.publisher, Connections: d, Bell: w.bell, Stopping: stopping, Limits: events.Limits{
			Look: 20 * time.Millisecond, Wait: wait,
		}}).Register(mux)
		return mux
	}
	mux.Handle("/", w.serve(nil, 2*time.Second))
	mux.Handle("/scim/", server.Handler())
	listening := httptest.NewServer(mux)
	t.Cleanup(listening.Close)
	w.url = listening.URL
	return w
}

// party is one connection of one company: an identity provider, or a receiver of events.
type party struct {
	*world
	connection resources.Connection
	token      string
}

// signingKey is the key of every company here that does not make its own: to make one takes a while.
var signingKey = sync.OnceValues(func() ([]byte, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(private)
})

// company makes one that has a signing key.
func (w *world) company() string {
	w.t.Helper()
	id := w.keyless()
	private, err := signingKey()
	if err == nil {
		err = w.db.AddSigningKey(context.Background(), events.Key{Company: id, ID: newID(), Private: private, Created: w.now()})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// keyless makes a company whose first token makes its signing key.
func (w *world) keyless() string {
	w.t.Helper()
	id := newID()
	if _, err := w.db.CreateCompany(context.Background(), system, ownership.Company{ID: id, Name: id}); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// party makes a connection with a token of some scopes.
func (w *world) party(company string, scopes ...string) party {
	w.t.Helper()
	ctx := context.Background()
	c, err := w.db.CreateConnection(ctx, system, resources.Connection{ID: newID(), Company: company, Name: newID()})
	if err != nil {
		w.t.Fatal(err)
	}
	return party{w, c, w.issue(c, scopes...)}
}

func (w *world) issue(c resources.Connection, scopes ...string) string {
	w.t.Helper()
	token, hash := resources.NewToken()
	err := w.db.CreateToken(context.Background(), system, resources.Token{
		ID: newID(), Company: c.Company, Connection: c.ID, Scopes: scopes,
	}, hash)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// answer is what a request came back with.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("answer %d %s: %v", a.status, a.body, err)
	}
}

// object is the answer as a JSON object.
func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	a.into(t, &o)
	return o
}

// do sends a request to any path of the server. headers are name and value in turn.
func (p party) do(method, path string, body any, headers ...string) answer {
	p.t.Helper()
	var sent []byte
	switch b := body.(type) {
	case nil:
	case string:
		sent = []byte(b)
	default:
		var err error
		if sent, err = json.Marshal(b); err != nil {
			p.t.Fatal(err)
		}
	}
	req, err := http.NewRequest(method, p.url+path, bytes.NewReader(sent))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, read}
}

// must is do with the status that is wanted.
func (p party) must(status int, method, path string, body any) answer {
	p.t.Helper()
	a := p.do(method, path, body)
	if a.status != status {
		p.t.Fatalf("%s %s: %d %s, want %d", method, path, a.status, a.body, status)
	}
	return a
}

// scim sends a SCIM request and returns the resource in the answer.
func (p party) scim(method, path string, body any) map[string]any {
	p.t.Helper()
	a := p.do(method, "/scim/v2"+path, body)
	if a.status/100 != 2 {
		p.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	if len(a.body) == 0 {
		return nil
	}
	return a.object(p.t)
}

func (p party) user(name string, more ...any) string {
	p.t.Helper()
	body := map[string]any{"schemas": []string{resources.SchemaUser}, "userName": name}
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return p.scim("POST", "/Users", body)["id"].(string)
}

func (p party) group(name string, members ...string) string {
	p.t.Helper()
	list := []map[string]any{}
	for _, m := range members {
		list = append(list, map[string]any{"value": m})
	}
	return p.scim("POST", "/Groups", map[string]any{
		"schemas": []string{resources.SchemaGroup}, "displayName": name, "members": list,
	})["id"].(string)
}

func (p party) patch(path string, ops ...map[string]any) {
	p.t.Helper()
	p.scim("PATCH", path, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": ops})
}

func op(op, path string, value any) map[string]any {
	o := map[string]any{"op": op, "path": path}
	if value != nil {
		o["value"] = value
	}
	return o
}

// base is the path of the party's company as an issuer.
func (p party) base() string { return "/ssf/" + p.connection.Company }

// stream creates a stream.
func (p party) stream(config map[string]any) string {
	p.t.Helper()
	return p.must(http.StatusCreated, "POST", p.base()+"/streams", config).object(p.t)["stream_id"].(string)
}

// only asks for some event types.
func only(types ...string) map[string]any { return map[string]any{"events_requested": types} }

// token is a SET as a receiver reads it.
type token struct {
	Issuer   string                    `json:"iss"`
	Audience []string                  `json:"aud"`
	IssuedAt int64                     `json:"iat"`
	JTI      string                    `json:"jti"`
	Txn      string                    `json:"txn"`
	Subject  map[string]any            `json:"sub_id"`
	Events   map[string]map[string]any `json:"events"`
	claims   map[string]any
	header   jose.Header
}

// event is the type of a SET's one event.
func (s token) event() string {
	for event := range s.Events {
		return event
	}
	return ""
}

func (s token) payload() map[string]any { return s.Events[s.event()] }

// verify reads a SET as a receiver does: with the keys that the issuer publishes.
func (p party) verify(raw string) token {
	p.t.Helper()
	var keys jose.JSONWebKeySet
	party{world: p.world}.must(http.StatusOK, "GET", p.base()+"/jwks.json", nil).into(p.t, &keys)
	signed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		p.t.Fatalf("token %s: %v", raw, err)
	}
	s := token{header: signed.Headers[0]}
	if err := signed.Claims(keys, &s, &s.claims); err != nil {
		p.t.Fatalf("token %s does not verify with the published keys: %v", raw, err)
	}
	return s
}

// poll polls once and returns the SETs, in the order in which they were made, and whether there are more.
func (p party) poll(stream string, ask map[string]any) ([]token, bool) {
	p.t.Helper()
	var got struct {
		Sets          map[string]string
		MoreAvailable bool
	}
	p.must(http.StatusOK, "POST", p.base()+"/poll/"+stream, ask).into(p.t, &got)
	var sets []token
	for jti, raw := range got.Sets {
		s := p.verify(raw)
		if s.JTI != jti {
			p.t.Errorf("SET under the key %s has the jti %s", jti, s.JTI)
		}
		sets = append(sets, s)
	}
	slices.SortFunc(sets, func(a, b token) int { return bytes.Compare([]byte(a.JTI), []byte(b.JTI)) }) // UUIDv7
	return sets, got.MoreAvailable
}

// take polls and acknowledges until n SETs came. On Postgres the log may lag behind while other tests write.
func (p party) take(stream string, n int) []token {
	p.t.Helper()
	var all []token
	ack := []string{}
	for empty := 0; empty < 3; {
		sets, _ := p.poll(stream, map[string]any{"ack": ack, "returnImmediately": len(all) >= n})
		all = append(all, sets...)
		if ack = jtis(sets); len(sets) == 0 && len(all) >= n {
			return all
		}
		if len(sets) == 0 {
			empty++
		}
	}
	p.t.Fatalf("%d SETs came, want %d: %v", len(all), n, typesOf(all))
	return nil
}

func jtis(sets []token) []string {
	list := []string{}
	for _, s := range sets {
		list = append(list, s.JTI)
	}
	return list
}

func typesOf(sets []token) []string {
	list := []string{}
	for _, s := range sets {
		list = append(list, s.event())
	}
	return list
}
