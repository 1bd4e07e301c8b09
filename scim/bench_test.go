package scim_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"proprio/resources"
	"proprio/scim"
)

// shelf is a store that always has the same page at hand, and the connections of one client: a server without a
// database.
type shelf struct {
	resources.Store
	resources.Connections
	page resources.Page
}

func (s shelf) Find(context.Context, resources.Caller, resources.Query) (*resources.Page, error) {
	return &s.page, nil
}

func (s shelf) Get(context.Context, resources.Caller, string, string, resources.With) (*resources.Resource, error) {
	return s.page.Resources[0], nil
}

func (s shelf) RecordExchange(context.Context, ...resources.Exchange) error { return nil }

func (s shelf) Authenticate(context.Context, [32]byte, time.Time) (resources.Token, resources.Connection, error) {
	return resources.Token{Scopes: []string{scim.Scope}}, resources.Connection{ID: "c", Company: "company"}, nil
}

// bare is a server without network and database, and a token for it.
type bare struct {
	http.Handler
	token string
}

func newBare(users int) bare {
	var s shelf
	body := `{"schemas":["` + userURN + `","` + enterpriseURN + `"],"userName":"anne.martin@societe.example","active":true,
		"displayName":"Anne Martin","name":{"givenName":"Anne","familyName":"Martin"},"title":"Responsable des achats",
		"emails":[{"value":"anne.martin@societe.example","type":"work","primary":true}],
		"` + enterpriseURN + `":{"employeeNumber":"701984","department":"Achats"}}`
	for i := range users {
		s.page.Resources = append(s.page.Resources, &resources.Resource{
			Type: resources.TypeUser, ID: fmt.Sprintf("01890000-0000-7000-8000-%012d", i), ExternalID: fmt.Sprint("e", i), Version: 3,
			Created: time.Unix(1_700_000_000, 0), LastModified: time.Unix(1_700_000_100, 0), Body: []byte(body),
			Groups: []resources.Ref{{ID: unknownID, Type: resources.TypeGroup, Display: "Achats"}},
		})
	}
	s.page.Total = users
	registry := resources.NewRegistry()
	return newBareServer(&scim.Server{
		Directory: &resources.Directory{Registry: registry, Store: s}, Store: s, Connections: s, Registry: registry,
		PublicURL: publicURL, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Recorder: scim.NewRecorder(s, discardLog()),
	})
}

func newBareServer(s *scim.Server) bare {
	token, _ := resources.NewToken()
	return bare{s.Handler(), token}
}

func discardLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// nowhere takes a response and keeps its length.
type nowhere struct {
	header        http.Header
	status, bytes int
}

func (w *nowhere) Header() http.Header { return w.header }

func (w *nowhere) WriteHeader(status int) { w.status = status }

func (w *nowhere) Write(b []byte) (int, error) {
	w.bytes += len(b)
	return len(b), nil
}

// ask makes a request without a network.
func (h bare) ask(t testing.TB, path string, header ...string) *nowhere {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", scim.BasePath+path, nil)
	r.Header.Set("Authorization", "Bearer "+h.token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := &nowhere{header: http.Header{}}
	h.ServeHTTP(w, r)
	return w
}

// RFC 7644 §4: discovery is rendered once. A document of many schemas costs as many allocations as one of two resource
// types, which it could not were anything marshalled for the request; and an entity tag spares it altogether.
func TestDiscovery_IsRenderedOnce(t *testing.T) { // not parallel: it counts allocations
	h := newBare(0)
	allocations := func(path string, header ...string) float64 {
		return testing.AllocsPerRun(50, func() { h.ask(t, path, header...) })
	}
	small, large := h.ask(t, "/ResourceTypes"), h.ask(t, "/Schemas")
	if small.status != 200 || large.status != 200 || large.bytes < 5*small.bytes {
		t.Fatalf("/ResourceTypes: %d, %d bytes; /Schemas: %d, %d bytes", small.status, small.bytes, large.status, large.bytes)
	}
	if few, many := allocations("/ResourceTypes"), allocations("/Schemas"); many > few+3 {
		t.Errorf("/Schemas takes %v allocations, /ResourceTypes %v", many, few)
	}
	for _, path := range []string{"/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/" + userURN, "/ResourceTypes/User"} {
		tag := h.ask(t, path).header.Get("ETag")
		if again := h.ask(t, path, "If-None-Match", tag); tag == "" || again.status != 304 || again.bytes != 0 {
			t.Errorf("%s: ETag %q leads to %d with %d bytes", path, tag, again.status, again.bytes)
		}
	}
}

// A list is written from what is stored: a User more costs no allocation, which it would were its document decoded.
func TestList_IsNotDecoded(t *testing.T) { // not parallel: it counts allocations
	allocations := func(users int) float64 {
		h := newBare(users)
		return testing.AllocsPerRun(50, func() { h.ask(t, "/Users?count=100") })
	}
	if few, many := allocations(10), allocations(100); many > few+9 {
		t.Errorf("a list of 100 Users takes %v allocations, one of 10 %v", many, few)
	}
}

func BenchmarkDiscovery(b *testing.B) {
	h := newBare(0)
	tag := h.ask(b, "/Schemas").header.Get("ETag")
	for name, header := range map[string][]string{"200": nil, "304": {"If-None-Match", tag}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.ask(b, "/Schemas", header...)
			}
		})
	}
}

// A list of a hundred Users, all but the database: the limit is 300 µs.
func BenchmarkList_100Users(b *testing.B) {
	h := newBare(100)
	for _, query := range []string{"?count=100", "?count=100&attributes=userName,active", `?filter=userName+eq+"anne"`} {
		b.Run(query, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if w := h.ask(b, "/Users"+strings.ReplaceAll(query, `"`, "%22")); w.status != 200 {
					b.Fatalf("status %d", w.status)
				}
			}
		})
	}
}

// What identity providers ask most, all but the database: reading one User, and looking one up.
func BenchmarkRead(b *testing.B) {
	h := newBare(1)
	for name, path := range map[string]string{
		"Get": "/Users/" + unknownID, "LookUp": "/Users?filter=userName%20eq%20%22anne.martin@societe.example%22",
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequestWithContext(b.Context(), "GET", scim.BasePath+path, nil)
			r.Header.Set("Authorization", "Bearer "+h.token)
			r.Header.Set("Accept", "application/scim+json, application/json")
			r.Header.Set("User-Agent", "scimload")
			b.ReportAllocs()
			for b.Loop() {
				w := &nowhere{header: http.Header{}}
				if h.ServeHTTP(w, r); w.status != 200 {
					b.Fatalf("status %d", w.status)
				}
			}
		})
	}
}
