package oidc_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/oidc"
)

// Whoever starts sign-ins without end keeps out nobody but the neighbours at the same address; many addresses together
// keep out one company's admins, and no other's (RFC 6585 §4).
func TestBegin_aFloodKeepsOutNoOtherAddressAndNoOtherCompany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		other := w.newIssuer(oidc.Issuer{Company: w.newCompany("Other", "other.fr"), URL: w.idpURL})
		signIn := oidc.NewSignIn(w.sessions)
		// begin starts sign-ins until one is refused, and returns how many were not.
		begin := func(i oidc.Issuer, most int, remote string, forwarded ...string) int {
			t.Helper()
			for n := range most {
				r := httptest.NewRequestWithContext(t.Context(), "POST", "/sign-in", nil)
				r.RemoteAddr = remote
				for _, f := range forwarded {
					r.Header.Add("X-Forwarded-For", f)
				}
				_, err := signIn.Begin(httptest.NewRecorder(), r, i.ID, "/")
				var refusal *oidc.Refusal
				if errors.As(err, &refusal) && refusal.Reason == oidc.ReasonBusy && refusal.Reason.Status() == 429 {
					return n
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			return most
		}
		want := func(what string, got, want int) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %d sign-ins could be started, want %d", what, got, want)
			}
		}
		want("one address", begin(w.issuer, 100, "203.0.113.1:1000"), 30)
		want("the same address, another port, another company", begin(other, 1, "203.0.113.1:2000", "198.51.100.7"), 0)
		want("another address", begin(w.issuer, 1, "203.0.113.2:1000"), 1)
		want("one IPv6 customer", begin(w.issuer, 31, "[2001:db8:1:2::1]:1"), 30)
		want("the same one's next address", begin(w.issuer, 1, "[2001:db8:1:2:ffff::9]:1"), 0)
		want("another IPv6 customer", begin(w.issuer, 1, "[2001:db8:1:3::1]:1"), 1)

		// Behind a proxy the last address is the proxy's word; what comes before it is the client's.
		want("a client of the proxy", begin(w.issuer, 31, "127.0.0.1:1", "198.51.100.1, 203.0.113.9"), 30)
		want("the same one, that says otherwise", begin(w.issuer, 1, "10.0.0.2:1", "198.51.100.2", "198.51.100.3, 203.0.113.9"), 0)
		want("another client of the proxy", begin(w.issuer, 1, "127.0.0.1:1", "203.0.113.10"), 1)
		want("a proxy that writes nonsense counts itself", begin(w.issuer, 1, "127.0.0.1:1", "unknown"), 1)

		started := 0
		for n := range 10 {
			started += begin(w.issuer, 30, fmt.Sprintf("192.0.2.%d:1", n))
		}
		want("many addresses at one company", started, 200-30-1-30-1-30-1-1)
		want("a further address at that company", begin(w.issuer, 1, "198.51.100.50:1"), 0)
		want("the same address at another company", begin(other, 1, "198.51.100.50:1"), 1)

		w.clock.advance(time.Minute)
		want("a minute later", begin(w.issuer, 1, "203.0.113.1:1000"), 1)
	})
}
