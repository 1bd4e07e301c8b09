package console_test

import (
	"strings"
	"testing"
	"time"

	"proprio/console"
)

// The page of a connection shows its OAuth clients and its event stream, and not those of another connection.
func TestConnection_clientsAndStream(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	page := "/connections/" + w.conn
	if _, body := w.get(page, "en"); !strings.Contains(body, "No OAuth client.") || !strings.Contains(body, "No event stream.") {
		t.Error("a connection without them does not say so")
	}
	w.connected = fakeConnected{
		company: w.company,
		clients: []console.Client{
			{ID: newID(), Connection: w.conn, Name: "Sync <b>", Method: "key", Scopes: []string{"scim"}, Created: w.now, LastUsed: w.now.Add(-time.Hour)},
			{ID: newID(), Connection: newID(), Name: "Elsewhere", Method: "secret", Created: w.now},
		},
		streams: []console.Stream{
			{ID: newID(), Connection: w.conn, Method: "push", Endpoint: "https://badges.example/<i>", Status: "enabled", Waiting: 1200, Failures: 3,
				Error: "connection refused", NextAttempt: w.now.Add(time.Minute), Created: w.now},
			{ID: newID(), Connection: newID(), Method: "poll", Status: "paused", Created: w.now},
		},
	}
	for lang, says := range map[string][]string{
		"fr": {"Sync &lt;b&gt;", "une clé à lui", "Non reçu", "https://badges.example/&lt;i&gt;", "1\u202f200\u00a0événements attendent", "3\u00a0tentatives de suite", "connection refused"},
		"en": {"a key of its own", "Not received", "1,200 events wait", "3 attempts in a row failed", "<code>scim</code>"},
	} {
		_, body := w.get(page, lang)
		for _, text := range says {
			if !strings.Contains(body, text) {
				t.Errorf("%s: the page lacks %q", lang, text)
			}
		}
		if strings.Contains(body, "Elsewhere") || strings.Contains(body, "En pause") || strings.Contains(body, "Paused") {
			t.Errorf("%s: the page shows what belongs to another connection", lang)
		}
	}
	if _, body := w.get("/connections", "fr"); !strings.Contains(body, ">flux d’événements<") || !strings.Contains(body, "il y a 1\u00a0heure") {
		t.Error("the list does not say that the connection has a stream, and a client that was used an hour ago")
	}
}
