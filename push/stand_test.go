package push_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"proprio/push/profiles"
	"proprio/push/standin"
)

// stand is a downstream app on loopback.
type stand struct {
	*standin.Server
	URL string
}

// newStand starts an app that is as generic as its profile.
func newStand(t testing.TB, now func() time.Time) *stand {
	t.Helper()
	generic, err := profiles.Parse([]byte(`{"name": "generic", "title": "T"}`))
	must(t, err)
	return standOf(t, generic, now)
}

// standOf starts the app of a profile.
func standOf(t testing.TB, p profiles.Profile, now func() time.Time) *stand {
	t.Helper()
	s := standin.New(p, "s3cret-token")
	s.Now = now
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &stand{s, server.URL}
}

// count counts requests of a method on a kind of path.
func count(requests []standin.Request, method, prefix string) int {
	n := 0
	for _, r := range requests {
		if r.Method == method && strings.HasPrefix(r.Path, prefix) {
			n++
		}
	}
	return n
}
