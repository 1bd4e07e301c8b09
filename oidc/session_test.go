package oidc_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/oidc"
	"proprio/oidc/standin"
)

func TestRule10_CookiesOverHTTPS(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, w.url = newServer(t, w.d, w.clock, httptest.NewUnstartedServer(nil), true)
		w.idp.Register(standin.Client{ID: w.issuer.ClientID, Secret: w.issuer.Secret, RedirectURIs: []string{w.url + oidc.CallbackPath(w.issuer.ID)}})
		b := w.browser()
		b.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // httptest's own certificate
		resp := b.do("GET", b.choose(b.begin(w.issuer, "/"), "sub-anne"), nil)
		cookies := resp.Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: %v", resp.Header.Get("Reason"), cookies)
		}
		c := cookies[0]
		if c.Name != "__Host-proprio" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 {
			t.Errorf("%+v", c)
		}
		b.wantIn("anne@company.fr")
	})
}

func TestRule10_SessionFixation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		attacker := w.browser()
		w.list("bruno@company.fr")
		w.want(attacker.signIn(w.issuer, "sub-bruno"), "")
		planted := attacker.client.Jar.Cookies(parse(t, w.url))
		victim := w.browser()
		victim.client.Jar.SetCookies(parse(t, w.url), planted)
		w.want(victim.signIn(w.issuer, "sub-anne"), "")
		victim.wantIn("anne@company.fr")
		attacker.wantOut(oidc.ReasonNoSession) // the planted session ended
	})
}

func TestRule10_CookieTwiceOrForged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		var own string
		for _, c := range b.client.Jar.Cookies(parse(t, w.url)) {
			if c.Name == "proprio" {
				own = c.Value
			}
		}
		for header, want := range map[string]int{
			"proprio=" + own: http.StatusOK,
			"proprio=" + own + "; proprio=" + own[:42]:     http.StatusBadRequest,
			"proprio=" + strings.Repeat("A", 43):           http.StatusBadRequest,
			"proprio=" + own[:42]:                          http.StatusBadRequest,
			"proprio=; x=" + own:                           http.StatusBadRequest,
			"__Host-proprio=" + own + "; proprio-sign-in=": http.StatusBadRequest,
		} {
			req := httptest.NewRequest("GET", w.url+"/me", nil)
			req.Header.Set("Cookie", header)
			rec := httptest.NewRecorder()
			routes(w.sessions).ServeHTTP(rec, req)
			if rec.Code != want {
				t.Errorf("%s: %d, want %d", header, rec.Code, want)
			}
		}
	})
}

func TestRule10_IdleAndAbsoluteLimits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		w.clock.advance(oidc.IdleLimit - time.Second)
		b.wantIn("anne@company.fr")
		w.clock.advance(oidc.IdleLimit)
		b.wantOut(oidc.ReasonSessionIdle)
		b.wantOut(oidc.ReasonNoSession)

		w.want(b.signIn(w.issuer, "sub-anne"), "")
		for range int(oidc.AbsoluteLimit/(20*time.Minute)) - 1 {
			w.clock.advance(20 * time.Minute)
			b.wantIn("anne@company.fr")
		}
		w.clock.advance(20 * time.Minute)
		b.wantOut(oidc.ReasonSessionExpired)
	})
}

func TestIPSIE_SL1_SessionExpiryIsObeyed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		end := w.clock.now().Add(5 * time.Minute)
		idp, address := newProviderOf(t, w.clock, []standin.Person{{Subject: "s", Name: "Anne", Email: "anne@company.fr",
			Claims: map[string]any{"session_expiry": end.Unix()}}})
		w.idp = idp
		issuer := w.newIssuer(oidc.Issuer{Company: w.company, URL: address})
		b := w.browser()
		w.want(b.signIn(issuer, "s"), "")
		w.clock.advance(5*time.Minute - time.Second)
		b.wantIn("anne@company.fr")
		w.clock.advance(time.Second)
		b.wantOut(oidc.ReasonSessionExpired)
		w.want(b.signIn(issuer, "s"), oidc.ReasonSignInTooOld)
	})
}

func TestRule6_DeactivatedUserIsOutAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		user := newID()
		w.put(user, "anne@company.fr", true, "", audit.ActionCreate)
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		if who, _ := b.me(); !strings.HasSuffix(who, " "+user) {
			t.Errorf("the session is not tied to the User: %q", who)
		}
		w.put(user, "anne@company.fr", false, "", audit.ActionDeactivate)
		b.wantOut(oidc.ReasonNoSession) // ended with the deactivation itself
		w.want(b.signIn(w.issuer, "sub-anne"), oidc.ReasonDeactivated)
		w.put(user, "anne@company.fr", true, "", audit.ActionActivate)
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		w.put(user, "anne@company.fr", true, "outside-domain", audit.ActionHold)
		b.wantOut(oidc.ReasonNoSession)
		w.want(b.signIn(w.issuer, "sub-anne"), oidc.ReasonHeld)
	})
}

func TestRule6_EachRequestLooksAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "") // the first admin: not in the directory yet
		w.put(newID(), "anne@company.fr", false, "", audit.ActionCreate)
		b.wantOut(oidc.ReasonDeactivated) // known by address, although the session knew no User
		if e := w.entries()[0]; e.Action != audit.ActionRevoke || e.Reason != string(oidc.ReasonDeactivated) {
			t.Errorf("record: %+v", e)
		}
	})
}

func TestRule6_RemovedUserIsNotAFirstAdmin(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		user := newID()
		w.put(user, "anne@company.fr", true, "", audit.ActionCreate)
		b.wantIn("anne@company.fr") // and is now known as that User
		w.put(user, "anne@company.fr", true, "", audit.ActionRemove)
		b.wantOut(oidc.ReasonNoSession)
		w.want(b.signIn(w.issuer, "sub-anne"), oidc.ReasonRemoved)
	})
}

func TestRule6_DisabledAdminAndIssuer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		a := w.list("anne@company.fr") // idempotent: the one that is there
		a.Disabled = true
		if err := w.d.SetAdmin(context.Background(), oidc.Actor{}, a); err != nil {
			t.Fatal(err)
		}
		b.wantOut(oidc.ReasonNoSession)
		w.want(b.signIn(w.issuer, "sub-anne"), oidc.ReasonAdminDisabled)
		a.Disabled = false
		if err := w.d.SetAdmin(context.Background(), oidc.Actor{}, a); err != nil {
			t.Fatal(err)
		}
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		back := b.choose(b.begin(w.issuer, "/"), "sub-anne")
		w.change(func(i *oidc.Issuer) { i.Disabled = true })
		b.wantOut(oidc.ReasonNoSession)
		w.want(b.come(back), oidc.ReasonIssuerDisabled)
	})
}

func TestRule7_DomainRemovedEndsItsSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.browser()
		w.want(b.signIn(w.issuer, "sub-anne"), "")
		if err := w.d.RemoveDomain(context.Background(), cli, w.company, "company.fr"); err != nil {
			t.Fatal(err)
		}
		if n, err := w.d.EndSessionsOfDomain(context.Background(), w.company, "other.fr"); err != nil || n != 0 {
			t.Errorf("%d sessions of another domain ended: %v", n, err)
		}
		b.wantOut(oidc.ReasonDomainOutside) // even when nobody ends them
		b.wantOut(oidc.ReasonNoSession)
	})
	t.Run("all at once", func(t *testing.T) {
		each(t, func(t *testing.T, w *world) {
			b := w.browser()
			w.want(b.signIn(w.issuer, "sub-anne"), "")
			other := w.newCompany("Other")
			if n, err := w.d.EndSessionsOfDomain(context.Background(), other, "company.fr"); err != nil || n != 0 {
				t.Errorf("%d sessions of another company ended: %v", n, err)
			}
			if n, err := w.d.EndSessionsOfDomain(context.Background(), w.company, "company.fr"); err != nil || n != 1 {
				t.Errorf("%d ended: %v", n, err)
			}
			b.wantOut(oidc.ReasonNoSession)
		})
	})
}
