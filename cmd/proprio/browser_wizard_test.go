package main_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	catalogue "proprio/push/profiles"
	"proprio/push/standin"
)

// newTool starts a product that speaks SCIM as its standard says, with accounts that were there before.
func newTool(t *testing.T) (*standin.Server, string) {
	t.Helper()
	set, err := catalogue.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	generic, _ := set.Get("generic")
	s := standin.New(generic, "wizard-token")
	s.Now = time.Now
	for _, name := range []string{"helene.bremond@atelier-bremond.fr", "inconnu@gmail.com"} {
		s.Add(map[string]any{"schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": name, "active": true})
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

// typed types into fields, over what stands there.
func typed(pairs ...string) steps {
	var do steps
	for i := 0; i < len(pairs); i += 2 {
		field := chromedp.CSS("#" + pairs[i])
		do = append(do, chromedp.Clear(field), chromedp.SendKeys(field, pairs[i+1]))
	}
	return do
}

func press(words string) steps {
	return steps{chromedp.Click(`//main//button[contains(., "` + words + `")]`)}
}

func then(parts ...steps) steps {
	var do steps
	for _, p := range parts {
		do = append(do, p...)
	}
	return do
}

func see(words string) steps {
	return steps{chromedp.WaitVisible(`//main//*[contains(., "` + words + `")]`)}
}

// TestBrowserWizard adds an app in a real browser without scripts: what is wrong is told and mended, what is there is shown,
// nothing is sent before the start, and everything after it. Every page on the way keeps the axe rules.
func TestBrowserWizard(t *testing.T) {
	t.Parallel()
	chromium := browserPath(t)
	public := startDemo(t)
	tool, address := newTool(t)
	ctx := newBrowser(t, chromium)
	signInAs(t, ctx, public, "Karim Haddad")

	visit(t, ctx, "wizard-1-products", then(steps{chromedp.Navigate(public + "/apps"), chromedp.Click(`//main//a[contains(., "Ajouter une application")]`)}, see("Choisissez le produit")),
		"Asana", "Pipedrive", "SCIM 2.0 service", "jefacture")
	visit(t, ctx, "wizard-2-asana", steps{chromedp.Navigate(public + "/apps/new?product=asana"), chromedp.WaitVisible(chromedp.CSS("#credential"))},
		"Enterprise", "Une désactivation ne peut pas être annulée", "compte de service")
	visit(t, ctx, "wizard-3-wrong", then(steps{chromedp.Navigate(public + "/apps/new?product=generic")},
		typed("name", "Outil d’essai", "url", address, "credential", "wrong-token"), press("Enregistrer en pause"), see("Rien n’a été enregistré")),
		"https://")
	if page, err := chromedp.Run(ctx, chromedp.OuterHTML(chromedp.CSS("html"))); err != nil || strings.Contains(page, "wrong-token") {
		t.Errorf("a token that was typed is shown again: %v", err)
	}
	visit(t, ctx, "wizard-4-added", then(typed("credential", "wrong-token"), steps{chromedp.Click(chromedp.CSS("#private"))}, press("Enregistrer en pause"), see("Essayer la connexion")),
		"en pause", "rien n’est envoyé avant le démarrage")
	visit(t, ctx, "wizard-5-refused", then(press("Essayer la connexion"), see("refuse le jeton")), "Créez-en un nouveau")
	visit(t, ctx, "wizard-6-left", steps{ // the browser is closed, and another day the app is found again
		chromedp.Navigate(public + "/apps"),
		chromedp.Click(`//main//a[contains(., "Reprendre la mise en place")]`),
		chromedp.WaitVisible(`//main//a[contains(., "Adresse et jeton")]`),
		chromedp.Click(`//main//a[contains(., "Adresse et jeton")]`),
		chromedp.WaitVisible(chromedp.CSS("#credential")),
	})
	visit(t, ctx, "test", then(typed("credential", "wizard-token"), press("Enregistrer"), see("Adresse et jeton enregistrés"),
		press("Essayer la connexion"), see("Les comptes que l’application contient déjà")), "répond comme il faut")
	await(t, ctx, "wizard-7-accounts", "Relire les comptes", "inconnu@gmail.com", "helene.bremond@atelier-bremond.fr", "À une personne connue")
	visit(t, ctx, "wizard-8-scope", then(steps{chromedp.Click(chromedp.CSS("#link-on"))}, press("Continuer"), see("Qui doit avoir un compte")), "Direction")
	visit(t, ctx, "wizard-9-no-group", then(steps{chromedp.Click(chromedp.CSS("#who-groups"))}, press("Enregistrer et essayer"), see("Cochez au moins un groupe")))
	visit(t, ctx, "wizard-10-rules", then(typed("expression", "departement == 1", "person", "helene.bremond@atelier-bremond.fr"), press("Voir le résultat"), see("unknown name")))
	visit(t, ctx, "wizard-11-preview", then(typed("expression", "active"), press("Voir le résultat"), see("nouveau compte")), `"userName": "helene.bremond@atelier-bremond.fr"`)
	visit(t, ctx, "scope", then(steps{chromedp.Click(chromedp.CSS("#who-all"))}, press("Enregistrer et essayer"), see("Ce que Proprio ferait")))
	await(t, ctx, "wizard-12-trial", "Au démarrage", "créations", "1 compte existant repris", "ne serait pas touché")
	checkWizard(t, ctx, public)

	for _, r := range tool.Heard() {
		if r.Method != http.MethodGet {
			t.Errorf("before the start it sent %s", r)
		}
	}
	visit(t, ctx, "wizard-13-started", then(steps{scripts(false)}, press("Démarrer l’application"), see("Journal de provisionnement")), "est en marche")
	for deadline := time.Now().Add(time.Minute); len(tool.Users()) < 30; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after the start the app holds %d accounts", len(tool.Users()))
		}
	}
	here, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	here, _, _ = strings.Cut(here, "?")
	decideInBrowser(t, ctx, here)
	visit(t, ctx, "compare", then(steps{chromedp.Navigate(here), chromedp.Click(`//main//a[contains(., "Voir les écarts")]`), chromedp.WaitVisible(`//h1[contains(., "Écarts entre")]`)}, press("Comparer maintenant"), steps{chromedp.WaitVisible(`//main[not(contains(., "46 créations"))]`)}))
	await(t, ctx, "app-drift", "Ce qu’une réparation ferait", "comme il faut")
	visit(t, ctx, "app-log", steps{chromedp.Click(chromedp.CSS(".crumb a")), chromedp.Click(`//main//a[contains(., "Journal de provisionnement complet")]`),
		chromedp.WaitVisible(chromedp.CSS("#outcome"))}, "Création")
	visit(t, ctx, "app-why", steps{chromedp.Click(`//main//a[starts-with(normalize-space(), "Pourquoi")]`), chromedp.WaitVisible(`//h2[contains(., "Derniers appels")]`)}, "Rapprochement", "Derniers appels")
	checkHere(t, ctx)
}

// await looks at a page again until it says some words: what it waits for goes on in the background.
func await(t *testing.T, ctx context.Context, name, words string, sees ...string) {
	t.Helper()
	here, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	here, _, _ = strings.Cut(here, "?")
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if err := chromedp.Do(ctx, chromedp.Navigate(here)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if strings.Contains(text, words) {
			break
		}
	}
	visit(t, ctx, name, nil, append(sees, words)...)
}

// signInAs signs a person of the demo in.
func signInAs(t *testing.T, ctx context.Context, public, name string) {
	t.Helper()
	visit(t, ctx, "sign in", steps{
		scripts(false), chromedp.Navigate(public + "/"), chromedp.Click(chromedp.CSS(`main form button`)),
		chromedp.WaitVisible(`//button[contains(., "` + name + `")]`), chromedp.Click(`//button[contains(., "` + name + `")]`),
		chromedp.WaitVisible(chromedp.CSS(`nav`)),
	})
}

// checkWizard holds every page of setting up to the axe rules, and comes back to the one it was on.
func checkWizard(t *testing.T, ctx context.Context, public string) {
	t.Helper()
	axe, ok := axeScript(t)
	if !ok {
		return
	}
	here, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	app := strings.TrimSuffix(strings.Split(here, "?")[0], "/setup/trial")
	for _, page := range []string{public + "/apps/new", public + "/apps/new?product=asana", app, app + "/access", app + "/setup/test", app + "/setup/accounts", app + "/setup/scope", app + "/drift", here} {
		checkPage(t, ctx, strings.TrimPrefix(page, public), page, axe)
	}
}

// checkHere holds the page that is shown, and those above it, to the axe rules.
func checkHere(t *testing.T, ctx context.Context) {
	t.Helper()
	axe, ok := axeScript(t)
	if !ok {
		return
	}
	here, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatal(err)
	}
	app, _, _ := strings.Cut(here, "/why/")
	for _, page := range []string{here, app, app + "/log", app + "/drift"} {
		checkPage(t, ctx, page, page, axe)
	}
}

// axeScript reads the axe rules; in CI they are required.
func axeScript(t *testing.T) (string, bool) {
	t.Helper()
	if os.Getenv("PROPRIO_TEST_AXE") == "" && os.Getenv("CI") != "true" {
		return "", false
	}
	axe, err := os.ReadFile(component(t, "PROPRIO_TEST_AXE", "the path of axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(axe), true
}
