package oidc_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/oidc"
	"proprio/oidc/standin"
)

// each runs a test on a new world on every database.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, newWorld(t, d)) })
}

func TestSignIn_WholeWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		address := b.begin(w.issuer, "/people?q=1")
		q := parse(t, address).Query()
		if q.Get("code_challenge_method") != "S256" || len(q.Get("state")) < 22 || len(q.Get("nonce")) < 22 ||
			q.Get("redirect_uri") != w.url+oidc.CallbackPath(w.issuer.ID) || strings.Contains(q.Get("scope"), "offline") {
			t.Errorf("request to the issuer: %v", q)
		}
		resp := b.do("GET", b.choose(address, "sub-anne"), nil)
		if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/people?q=1" {
			t.Fatalf("callback: %s, on to %q, reason %q", resp.Status, resp.Header.Get("Location"), resp.Header.Get("Reason"))
		}
		b.wantIn("anne@company.fr")
		w.want(w.browser().signIn(w.issuer, "sub-anne"), "") // bound by now

		admins, err := w.d.Admins(context.Background(), w.company)
		if err != nil || len(admins) != 1 || admins[0].Issuer != w.idpURL || admins[0].Subject != "sub-anne" || admins[0].Address != "Anne@company.fr" {
			t.Errorf("admins: %+v %v", admins, err)
		}
		entries := w.entries()
		if entries[0].Action != audit.ActionSignIn || entries[0].Reason != "" || !strings.HasPrefix(entries[1].Reason, "first sign-in") {
			t.Errorf("record: %+v", entries[:2])
		}
	})
}

func TestSignIn_End(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		kept := b.client.Jar.Cookies(parse(t, w.url))
		b.do("POST", w.url+"/sign-out", url.Values{})
		b.wantOut(oidc.ReasonNoSession)
		thief := w.browser()
		thief.client.Jar.SetCookies(parse(t, w.url), kept)
		thief.wantOut(oidc.ReasonNoSession)
	})
}

func TestRule2to5_RefusedOverHTTP(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-bruno"), oidc.ReasonNotListed)
		w.want(b.signIn(w.issuer, "sub-eve"), oidc.ReasonDomainOutside)
		w.want(b.signIn(w.issuer, "sub-false"), oidc.ReasonEmailUnverified)
		w.want(b.signIn(w.issuer, "sub-absent"), oidc.ReasonEmailUnverified)
		w.want(b.signIn(w.issuer, "sub-text"), oidc.ReasonEmailUnverified)
		b.wantOut(oidc.ReasonNoSession)
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		w.want(w.browser().signIn(w.issuer, "sub-anne-2"), oidc.ReasonSubjectChanged)
		if reason := w.entries()[0].Reason; !strings.HasPrefix(reason, "alarm: subject-changed") {
			t.Errorf("record: %q", reason)
		}
		b.wantIn("anne@company.fr")

		// An admin asked Anne, and lets her bind anew: the old identity is out at once.
		if _, err := w.d.Rebind(context.Background(), oidc.Actor{}, w.company, "anne@company.fr"); err != nil {
			t.Fatal(err)
		}
		b.wantOut(oidc.ReasonNoSession)
		w.change(func(i *oidc.Issuer) { i.TextBooleans = true })
		w.want(w.browser().signIn(w.issuer, "sub-text"), "")
		w.want(b.signIn(w.issuer, "sub-anne"), oidc.ReasonSubjectChanged)
	})
}

func TestRule8_StateWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		back := b.choose(b.begin(w.issuer, "/"), "sub-anne")
		w.want(b.come(back), "")
		w.want(b.come(back), oidc.ReasonStateUnknown)

		// A fresh state does not help a used code.
		used := parse(t, back).Query().Get("code")
		other := parse(t, b.choose(b.begin(w.issuer, "/"), "sub-anne"))
		q := other.Query()
		q.Set("code", used)
		other.RawQuery = q.Encode()
		w.want(b.come(other.String()), oidc.ReasonCodeRefused)
		w.want(b.come(w.url+oidc.CallbackPath(w.issuer.ID)+"?code=x"), oidc.ReasonStateMissing)
		w.want(b.come(w.url+oidc.CallbackPath(w.issuer.ID)+"?code=x&state=made-up"), oidc.ReasonStateUnknown)
	})
}

func TestRule8_StateEndsAfterTenMinutes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		address := b.begin(w.issuer, "/")
		w.clock.advance(oidc.AttemptLife - time.Second)
		w.want(b.come(b.choose(address, "sub-anne")), "")
		address = b.begin(w.issuer, "/")
		w.clock.advance(oidc.AttemptLife)
		w.want(b.come(b.choose(address, "sub-anne")), oidc.ReasonStateExpired)
	})
}

func TestRule10_LoginCSRF(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		attacker, victim := w.browser(), w.browser()
		back := attacker.choose(attacker.begin(w.issuer, "/"), "sub-anne")
		w.want(victim.come(back), oidc.ReasonStateMissing) // and nothing is spent
		victim.begin(w.issuer, "/")
		w.want(victim.come(back), oidc.ReasonBrowserMismatch)
		victim.wantOut(oidc.ReasonNoSession)
		if e := w.entries()[0]; !strings.HasPrefix(e.Reason, "alarm: browser-mismatch") {
			t.Errorf("record: %+v", e)
		}
		w.want(attacker.come(back), oidc.ReasonStateUnknown)
	})
}

// Whoever starts sign-ins only to spoil them does not fill the company's record.
func TestRecord_IsNotFilledByStrangers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		spoil := func() {
			w.clock.advance(time.Second / 2) // as fast as one address may
			state := parse(t, b.begin(w.issuer, "/")).Query().Get("state")
			q := url.Values{"error": {"access_denied"}, "state": {state}, "iss": {w.idpURL}}
			w.want(b.come(w.url+oidc.CallbackPath(w.issuer.ID)+"?"+q.Encode()), oidc.ReasonCancelled)
		}
		for range 80 {
			spoil()
		}
		refused := func() (n int) {
			entries, err := w.d.Entries(context.Background(), w.company, audit.Query{})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if e.Action == audit.ActionRefuse {
					n++
				}
			}
			return n
		}
		if n := refused(); n == 0 || n >= 80 {
			t.Errorf("%d of 80 are in the record, want some and not all", n)
		}
		before := refused()
		w.want(b.signIn(w.issuer, "sub-bruno"), oidc.ReasonNotListed)
		if refused() != before+1 {
			t.Error("a refused person whom the issuer named is not in the record")
		}
		w.clock.advance(time.Hour)
		spoil()
		if refused() != before+2 {
			t.Error("an hour later the record takes no more")
		}
	})
}

func TestRule8_TwoTabs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		first, second := b.begin(w.issuer, "/"), b.begin(w.issuer, "/")
		w.want(b.come(b.choose(second, "sub-anne")), "")
		w.want(b.come(b.choose(first, "sub-anne")), "")
	})
}

func TestRule8_MixUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		evil, evilURL := newProvider(t, w.clock)
		other := w.newIssuer(oidc.Issuer{Company: w.company, URL: evilURL})
		b := w.browser()
		elsewhere := func(back, issuer string) string {
			return strings.Replace(back, oidc.CallbackPath(w.issuer.ID), oidc.CallbackPath(issuer), 1)
		}
		// The same company's other issuer.
		back := b.choose(b.begin(w.issuer, "/"), "sub-anne")
		w.want(b.come(elsewhere(back, other.ID)), oidc.ReasonMixUp)
		w.want(b.come(back), oidc.ReasonStateUnknown)
		// Neither needs RFC 9207 to be told apart.
		w.idp.Misbehave(standin.FaultPlainAnswer)
		evil.Misbehave(standin.FaultPlainAnswer)
		w.clock.advance(2 * time.Hour) // discover anew
		w.want(b.come(elsewhere(b.choose(b.begin(w.issuer, "/"), "sub-anne"), other.ID)), oidc.ReasonMixUp)
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		w.idp.Misbehave(standin.NoFault)
		w.clock.advance(2 * time.Hour)
		b.begin(w.issuer, "/")
		// RFC 9207: the answer's iss.
		for fault, want := range map[standin.Fault]oidc.Reason{standin.FaultNoSender: oidc.ReasonMixUp, standin.FaultOtherSender: oidc.ReasonMixUp, standin.NoFault: ""} {
			w.idp.Misbehave(fault)
			w.want(b.signIn(w.issuer, "sub-anne"), want)
		}
		w.want(b.come(w.url+oidc.CallbackPath("nobody")+"?code=x&state=y"), oidc.ReasonIssuerUnknown)
	})
}

func TestRule9_TokensThatAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		for _, c := range []struct {
			fault standin.Fault
			want  oidc.Reason
		}{
			{standin.FaultNonce, oidc.ReasonNonceMismatch},
			{standin.FaultNoNonce, oidc.ReasonNonceMismatch},
			{standin.FaultExpired, oidc.ReasonTokenInvalid},
			{standin.FaultFuture, oidc.ReasonTokenInvalid},
			{standin.FaultNotYet, oidc.ReasonTokenInvalid},
			{standin.FaultMissingClaims, oidc.ReasonTokenInvalid},
			{standin.FaultAudience, oidc.ReasonTokenInvalid},
			{standin.FaultTwoAudiences, oidc.ReasonTokenInvalid},
			{standin.FaultOtherParty, oidc.ReasonTokenInvalid},
			{standin.FaultIssuer, oidc.ReasonTokenInvalid},
			{standin.FaultAccessHash, oidc.ReasonTokenInvalid},
			{standin.FaultNone, oidc.ReasonTokenInvalid},
			{standin.FaultHMAC, oidc.ReasonTokenInvalid},
			{standin.FaultKeyID, oidc.ReasonTokenInvalid},
			{standin.FaultSignature, oidc.ReasonTokenInvalid},
			{standin.FaultSubjectTwice, ""}, // as sub, not as Sub
			{standin.NoFault, ""},
		} {
			w.idp.Misbehave(c.fault)
			w.clock.advance(2 * time.Hour) // discover anew: the fault may show there
			if got := b.signIn(w.issuer, "sub-anne"); got != c.want {
				t.Errorf("%s: got %q, want %q", c.fault, got, c.want)
			}
		}
		admins, err := w.d.Admins(context.Background(), w.company)
		if err != nil || admins[0].Subject != "sub-anne" {
			t.Errorf("bound to %+v %v", admins, err)
		}
	})
}

func TestRule9_KeysAreNotFetchedWithoutPause(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		w.idp.Misbehave(standin.FaultKeyID)
		for range 3 {
			w.want(b.signIn(w.issuer, "sub-anne"), oidc.ReasonTokenInvalid)
		}
		if n := w.idp.KeyFetches(); n != 1 {
			t.Errorf("%d fetches at once, want 1", n)
		}
		w.clock.advance(time.Minute)
		w.want(b.signIn(w.issuer, "sub-anne"), oidc.ReasonTokenInvalid)
		if n := w.idp.KeyFetches(); n != 2 {
			t.Errorf("%d fetches a minute later, want 2", n)
		}
	})
}

func TestRule9_MethodAndAge(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.change(func(i *oidc.Issuer) { i.Methods = []string{"mfa"} })
		w.want(b.signIn(w.issuer, "sub-anne"), oidc.ReasonMethodTooWeak)
		w.change(func(i *oidc.Issuer) { i.MaxAge = time.Minute })
		address := b.begin(w.issuer, "/")
		if got := parse(t, address).Query().Get("max_age"); got != "60" {
			t.Errorf("max_age %q", got)
		}
		w.want(b.come(b.choose(address, "sub-anne")), "")
	})
}

func TestRule9_IssuerThatCannotBeUsed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		try := func(name, address string, private bool) {
			i, err := w.d.PutIssuer(context.Background(), oidc.Actor{}, oidc.Issuer{ID: newID(), Company: w.company, URL: address, ClientID: "c", Private: private})
			if err != nil {
				t.Fatal(err)
			}
			resp := w.browser().do("POST", w.url+"/sign-in", url.Values{"issuer": {i.ID}})
			if got := resp.Header.Get("Reason"); got != string(oidc.ReasonProviderDown) || resp.StatusCode != http.StatusBadGateway {
				t.Errorf("%s: %s %q", name, resp.Status, got)
			}
		}
		asked := func(http.ResponseWriter, *http.Request) { t.Error("an address was called that must not be") }
		inside := httptest.NewServer(http.HandlerFunc(asked))
		defer inside.Close()
		moved := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, inside.URL+r.URL.Path, http.StatusFound)
		}))
		defer moved.Close()
		liar := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(`{"issuer":"https://other.example"}`))
		}))
		defer liar.Close()
		var plain *httptest.Server
		plain = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(`{"issuer":"` + plain.URL + `","authorization_endpoint":"http://login.example/a","token_endpoint":"https://login.example/t","jwks_uri":"https://login.example/k"}`))
		}))
		defer plain.Close()
		secure := httptest.NewUnstartedServer(nil)
		secure.Config.ConnState = func(net.Conn, http.ConnState) { t.Error("a private address was dialled") }
		secure.StartTLS()
		defer secure.Close()
		try("private address, not allowed", secure.URL, false)
		try("nobody there", "http://"+closedPort(t), true)
		try("a redirect is not followed", moved.URL, true)
		try("another issuer's document", liar.URL, true)
		try("an endpoint in the clear", plain.URL, true)
	})
}

func TestRule12_ErrorAnswersAreCodesOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		resp := b.do("GET", b.choose(b.begin(w.issuer, "/"), ""), nil)
		if got := oidc.Reason(resp.Header.Get("Reason")); got != oidc.ReasonCancelled || got.Kind() != oidc.KindCancelled {
			t.Errorf("got %q", got)
		}
		reference := resp.Header.Get("Reference")
		if e := w.entries()[0]; reference == "" || !strings.Contains(e.Reason, reference) || strings.Contains(e.Reason, "<b>") {
			t.Errorf("reference %q, record %+v", reference, e)
		}
		back := parse(t, b.choose(b.begin(w.issuer, "/"), ""))
		q := back.Query()
		q.Set("error", "server_error")
		back.RawQuery = q.Encode()
		w.want(b.come(back.String()), oidc.ReasonProviderError)
	})
}

func TestTwoCompanies_IssuerOpensItsOwnOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := w.newCompany("Other", "other.fr")
		theirs := w.newIssuer(oidc.Issuer{Company: other, URL: w.idpURL}) // the same provider, as with Google
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		b = w.browser()
		w.want(b.signIn(theirs, "sub-anne"), oidc.ReasonDomainOutside)
		b.wantOut(oidc.ReasonNoSession)

		// A state of one company is nothing to the other.
		back := b.choose(b.begin(w.issuer, "/"), "sub-anne")
		w.want(b.come(strings.Replace(back, w.issuer.ID, theirs.ID, 1)), oidc.ReasonStateUnknown)
		w.want(b.come(back), "")
		if who, _ := b.me(); !strings.HasPrefix(who, w.company+" ") {
			t.Errorf("session of %q", who)
		}
		// Even listed by the other company, she is two admins.
		if _, err := w.d.CreateAdmin(context.Background(), oidc.Actor{}, oidc.Admin{ID: newID(), Company: other, Address: "anne@company.fr"}); err != nil {
			t.Fatal(err)
		}
		w.want(w.browser().signIn(theirs, "sub-anne"), oidc.ReasonDomainOutside)
	})
}

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
