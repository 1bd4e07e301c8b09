package main_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// decideInBrowser decides about an account that nobody made here: the page says what will happen, then it is done, then taken back.
func decideInBrowser(t *testing.T, ctx context.Context, app string) {
	t.Helper()
	page := func(path string) steps { return steps{chromedp.Navigate(app + path)} }
	follow := func(words string) steps { return steps{chromedp.Click(`//main//a[contains(., "` + words + `")]`)} }
	visit(t, ctx, "accounts", then(page("/accounts?show=all"), see("inconnu@gmail.com")), "À personne", "Tenus à jour")
	visit(t, ctx, "account", then(page("/accounts"), follow("Décider"), see("Ce que vous pouvez décider")), "inconnu@gmail.com", "Laisser")
	visit(t, ctx, "account-leave", then(follow("Laisser"), see("Ce qui se passera")), "Rien n’est envoyé à l’application")
	visit(t, ctx, "account-left", then(typed("reason", "celui du prestataire"), press("Laisser ce compte"), see("Compte laissé")))
	visit(t, ctx, "accounts-decided", then(page("/accounts?show=decided"), follow("Voir le compte"), follow("Revenir sur la décision"),
		press("Revenir sur la décision"), see("attend de nouveau une décision")), "inconnu@gmail.com")
	visit(t, ctx, "account-link-nobody", then(page("/accounts"), follow("Décider"), follow("Reprendre pour une personne"), typed("person", "personne"),
		press("Voir ce qui se passera"), see("n’a cet identifiant")))
	visit(t, ctx, "account-link", then(typed("person", "karim.haddad@atelier-bremond.fr"), press("Voir ce qui se passera"), see("adresse étrangère")))
	visit(t, ctx, "account-adopt", then(follow("Reprendre, avec l’adresse de la société"), see("prennent la place")), "Aucun autre compte")
	visit(t, ctx, "account-refused", then(press("Reprendre ce compte"), see("Rien n’a été fait")))
	visit(t, ctx, "links", then(page("/links"), see("Reprendre tout ce qui est sûr")))
	visit(t, ctx, "provision-search", then(page("/provision"), typed("q", "karim"), press("Chercher"), see("karim.haddad@atelier-bremond.fr")))
	visit(t, ctx, "provision-try", then(follow("Karim"), press("Essayer sans rien envoyer"), see("Données de cette étape")), "Lire l’annuaire", "Décider de ce qui doit être fait", "rien à envoyer")
	giveExport(t, ctx, app)
	visit(t, ctx, "settings-wrong", then(page("/settings"), typed("days", "90"), press("Enregistrer"), see("Confirmez que la suppression")))
	visit(t, ctx, "settings-saved", then(page("/settings"), typed("count", "40"), steps{chromedp.Click(chromedp.CSS("#repair-on"))}, press("Enregistrer"), see("Réglages enregistrés")))
	visit(t, ctx, "scope-running", then(page("/scope"), typed("person", "karim.haddad@atelier-bremond.fr"), press("Voir le résultat"), see("nouveau compte")))
	here, err := chromedp.Run(ctx, chromedp.Location())
	if axe, ok := axeScript(t); err == nil && ok {
		for _, path := range []string{"/accounts", "/accounts?show=all", "/links", "/provision?q=karim", "/export", "/accounts?list=export", "/settings", "/scope"} {
			checkPage(t, ctx, path, app+path, axe)
			checkNarrow(t, ctx, path, app+path)
		}
		account := strings.TrimSuffix(app, "/") + "/account?key="
		for _, more := range []string{"", "&verb=link", "&verb=adopt", "&verb=except"} {
			checkPage(t, ctx, "account"+more, account+outsider(t, ctx, app)+more, axe)
			checkNarrow(t, ctx, "account"+more, account+outsider(t, ctx, app)+more)
		}
		visit(t, ctx, "back", steps{scripts(false), chromedp.Navigate(here)})
	}
}

// giveExport gives a file that is longer than any other form; its accounts are shown, and it is forgotten.
func giveExport(t *testing.T, ctx context.Context, app string) {
	t.Helper()
	var text strings.Builder
	text.WriteString("Courriel;Nom complet\n")
	for n := range 3000 {
		fmt.Fprintf(&text, "personne.%d@ailleurs.example;Personne %d\n", n, n)
	}
	file := writeFile(t, "export.csv", text.String())
	visit(t, ctx, "export", steps{chromedp.Navigate(app + "/export"), chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file})})
	visit(t, ctx, "export-shown", then(press("Lire le fichier"), see("Fichier lu")), "personne.0@ailleurs.example", "1 à 50 sur 3")
}

// checkNarrow holds a page to fit a telephone: nothing but tables, which scroll by themselves, is wider than 360 pixels.
func checkNarrow(t *testing.T, ctx context.Context, name, address string) {
	t.Helper()
	narrow := func(width int64) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 1400, DeviceScaleFactor: 1})
			return err
		})
	}
	visit(t, ctx, name+"-narrow", steps{scripts(true), narrow(360), chromedp.Navigate(address)})
	width, err := chromedp.Run(ctx, chromedp.Evaluate[float64]("document.documentElement.scrollWidth"))
	if err != nil || width > 360 {
		t.Errorf("%s is %g pixels wide on a telephone, %v", name, width, err)
	}
	visit(t, ctx, "wide again", steps{narrow(1280)})
}

// outsider is the key of the account that nobody made here.
func outsider(t *testing.T, ctx context.Context, app string) string {
	t.Helper()
	visit(t, ctx, "outsider", steps{chromedp.Navigate(app + "/accounts")})
	href, err := chromedp.Run(ctx, chromedp.AttributeValue(chromedp.CSS(`main td a.why[href*="/account?key="]`), "href"))
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(href.Value, "key=")
	return key
}
