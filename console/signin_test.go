package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Which companies are on the server is nobody's business: with several, the page names none before an address tells one.
func TestSignIn_severalCompanies_asksForTheAddressFirst(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.signIn.session, w.signIn.several = nil, true
	for _, lang := range []string{"fr", "en"} {
		res, body := w.get("/sign-in?return=/apps&address=camille@atelier-bremond.fr", lang)
		checkPage(t, lang+" ask", lang, body)
		if res.StatusCode != http.StatusOK || strings.Contains(body, "Entra ID") || strings.Contains(body, "Brémond") {
			t.Errorf("%s: %s, the page names a company or its provider before it is told which", lang, res.Status)
		}
		for _, want := range []string{`name="address"`, `autocomplete="email"`, `value="/apps"`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the form lacks %s", lang, want)
			}
		}
		if policy := res.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "form-action 'self'") {
			t.Errorf("%s: the form that asks may be sent elsewhere: %s", lang, policy)
		}
	}
	res, body := w.post("/sign-in", url.Values{"address": {"  camille@atelier-bremond.fr "}, "return": {"/apps"}})
	checkPage(t, "listed", "fr", body)
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "Entra ID") || !strings.Contains(body, `value="/apps"`) {
		t.Errorf("the address of a company leads to its provider: %s", res.Status)
	}
	if w.signIn.returnTo != "" {
		t.Error("an address alone starts no sign-in")
	}
}

// One sentence for every address that leads nowhere, and what was typed comes back as text only.
func TestSignIn_severalCompanies_unknownAddress(t *testing.T) {
	t.Parallel()
	w := sqliteWorld(t)
	w.signIn.session, w.signIn.several = nil, true
	for lang, sentence := range map[string]string{"fr": "Aucune connexion n’est configurée", "en": "No sign-in is set up"} {
		for _, address := range []string{
			"x@autre-maison.fr", "x", "@", hostileName + "@evil.example", `"><img src=x onerror=alert(1)>`, "x@atelier-bremond.fr.evil.com",
			"x@atelier-bremond.fr@evil.com", strings.Repeat("a", 8000), "' or 1=1 --",
		} {
			res, body := w.do("POST", "/sign-in", lang, url.Values{"address": {address}}, map[string]string{"Sec-Fetch-Site": "same-origin"})
			checkPage(t, lang+" unknown", lang, body)
			if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, sentence) {
				t.Errorf("%s %.40q: %s, or not the one sentence", lang, address, res.Status)
			}
			if strings.Contains(body, "Entra ID") || strings.Contains(body, "<img src=x") || strings.Contains(body, "<script") {
				t.Errorf("%s %.40q: the page names a provider, or lets what was typed act", lang, address)
			}
		}
	}
	for _, address := range []string{"\x00", "\xff\xfe"} { // no text: told as any form of that kind
		if res, _ := w.post("/sign-in", url.Values{"address": {address}}); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %s", address, res.Status)
		}
	}
	if _, body := w.post("/sign-in", url.Values{"address": {" "}}); strings.Contains(body, "Aucune connexion") {
		t.Error("nothing typed is no unknown address: the page asks again")
	}
}
