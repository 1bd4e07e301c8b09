package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestBrowser goes through the console of the running demo with a real browser, scripts switched off: an admin signs in
// at the identity provider, sees the lost account, acts, changes the language and signs out.
func TestBrowser(t *testing.T) {
	t.Parallel()
	chromium := browserPath(t)
	public := startDemo(t)
	ctx := newBrowser(t, chromium)

	story := []struct {
		name string
		do   steps
		sees []string
	}{
		{"a page of the console leads to sign-in", steps{
			scripts(false),
			chromedp.Navigate(public + "/findings"),
		}, []string{"Entra ID"}},
		{"the provider asks who one is, and the console opens where one wanted to go", steps{
			chromedp.Click(chromedp.CSS(`main form button`)),
			chromedp.WaitVisible(`//button[contains(., "Karim Haddad")]`),
			chromedp.Click(`//button[contains(., "Karim Haddad")]`),
			chromedp.WaitVisible(chromedp.CSS(`nav`)),
		}, []string{"sandrine.morel.secretariat@gmail.com", "Cadence CRM", "Critique"}},
		{"home puts the lost account first", steps{chromedp.Navigate(public + "/")},
			[]string{"sandrine.morel.secretariat@gmail.com", "Critique"}},
		{"a person", steps{
			chromedp.Navigate(public + "/people"),
			chromedp.Click(`//a[contains(., "Thomas Lefèvre")]`),
			chromedp.WaitVisible(`//h1[contains(., "Thomas Lefèvre")]`),
		}, []string{"thomas.lefevre@atelier-bremond.fr", "Cadence CRM"}},
		{"an app, paused by a form", steps{
			chromedp.Navigate(public + "/apps"),
			chromedp.Click(`//main//a[contains(., "Cadence CRM")]`),
			chromedp.WaitVisible(chromedp.CSS(`form[action$="/pause"]`)),
			chromedp.Click(chromedp.CSS(`form[action$="/pause"] button`)),
			chromedp.WaitVisible(chromedp.CSS(`form[action$="/resume"]`)),
		}, []string{"Cadence CRM"}},
		{"what is to be done by hand is on the home page", steps{
			chromedp.Navigate(public + "/"),
		}, []string{"à faire à la main", "jefacture.com"}},
		{"a task says what to do, where, until when", steps{
			chromedp.Navigate(public + "/tasks"),
			chromedp.Click(chromedp.CSS(`.todo a[href^="/tasks/"]`)),
			chromedp.WaitVisible(chromedp.CSS(`#proof`)),
		}, []string{"Créer le compte de", "Gérer l'espace de travail › Utilisateurs", "Invitez la personne", "Karim"}},
		{"a task is closed with its proof", steps{
			chromedp.SendKeys(chromedp.CSS(`#proof`), "Invitation envoyée et acceptée"),
			chromedp.SendKeys(chromedp.CSS(`#reference`), "invitation.png"),
			chromedp.Click(chromedp.CSS(`form[action$="/done"] button`)),
			chromedp.WaitVisible(chromedp.CSS(`.notice.good[role="status"]`)),
			chromedp.Navigate(public + "/tasks?state=done"),
			chromedp.Click(chromedp.CSS(`.todo a[href^="/tasks/"]`)),
			chromedp.WaitVisible(chromedp.CSS(`#closed`)),
		}, []string{"Dite faite", "Invitation envoyée et acceptée", "invitation.png", "Karim"}},
		{"English", steps{
			chromedp.Click(`//button[@lang="en" or normalize-space()="English" or normalize-space()="EN"]`),
			chromedp.WaitVisible(chromedp.CSS(`html[lang="en"]`)),
			chromedp.Navigate(public + "/"),
		}, []string{"Critical", "sandrine.morel.secretariat@gmail.com"}},
	}
	for _, s := range story {
		visit(t, ctx, s.name, s.do, s.sees...)
	}
	if script := os.Getenv("PROPRIO_TEST_AXE"); script != "" || os.Getenv("CI") == "true" {
		checkAccessibility(t, ctx, public, component(t, "PROPRIO_TEST_AXE", "the path of axe.min.js"))
	}
	visit(t, ctx, "sign out", steps{
		scripts(false),
		chromedp.Navigate(public + "/"),
		chromedp.Click(chromedp.CSS(`form[action="/sign-out"] button`)),
		chromedp.WaitVisible(chromedp.CSS(`form[action^="/sign-in"]`)),
	})
}

// steps are what a person does in the browser.
type steps = []chromedp.Action[chromedp.Void]

// scripts switches JavaScript on or off for the pages to come.
func scripts(on bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// visit plays one step and looks for words on the page it ends on.
func visit(t *testing.T, ctx context.Context, name string, do steps, sees ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, do...); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	keepScreenshot(t, ctx, name)
	for _, words := range sees {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(words)) { // badges are capitals by style
			t.Fatalf("%s: %s does not say %q:\n%s", name, at, words, text)
		}
	}
}

// keepScreenshot writes what the browser shows to the folder that PROPRIO_TEST_SCREENSHOTS names, for a person to look at.
func keepScreenshot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("PROPRIO_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	file := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-"), "-") + ".png"
	if err := os.WriteFile(filepath.Join(dir, file), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// checkAccessibility runs the axe rules on every page and fails on what is serious or critical.
func checkAccessibility(t *testing.T, ctx context.Context, public, script string) {
	t.Helper()
	axe, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	pages := []string{"/", "/findings", "/tasks", "/people", "/groups", "/apps", "/connections", "/audit"}
	for _, section := range []string{"/tasks", "/people", "/groups", "/apps", "/connections"} {
		visit(t, ctx, section, steps{chromedp.Navigate(public + section)})
		href, err := chromedp.Run(ctx, chromedp.AttributeValue(chromedp.CSS(fmt.Sprintf(`main a[href^="%s/"]`, section)), "href"))
		if err != nil {
			t.Fatalf("%s: %v", section, err)
		}
		pages = append(pages, href.Value)
	}
	for _, page := range pages {
		checkPage(t, ctx, page, public+page, string(axe))
	}
}

// checkPage runs the axe rules on one page.
func checkPage(t *testing.T, ctx context.Context, page, address, axe string) {
	t.Helper()
	visit(t, ctx, page, steps{scripts(true), chromedp.Navigate(address)})
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](axe+"; true")); err != nil {
		t.Fatalf("%s: %v", page, err)
	}
	result, err := chromedp.Run(ctx, chromedp.Evaluate[string](`axe.run().then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", page, err)
	}
	var violations []struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML string }
	}
	if err := json.Unmarshal([]byte(result), &violations); err != nil {
		t.Fatalf("%s: %v", page, err)
	}
	for _, v := range violations {
		if v.Impact == "serious" || v.Impact == "critical" {
			t.Errorf("%s: %s (%s): %s, such as %s", page, v.ID, v.Impact, v.Help, v.Nodes[0].HTML)
		}
	}
}

// startDemo runs `proprio demo` and returns its public URL once the story is told.
func startDemo(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "demo")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, cmd)
	lines := bufio.NewScanner(stdout)
	address := regexp.MustCompile(`^listening on (http://\S+)`)
	var public string
	for lines.Scan() {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			public = m[1]
		}
		if strings.Contains(lines.Text(), "MISSED") {
			t.Errorf("the demo: %s", lines.Text())
		}
		if strings.Contains(lines.Text(), "Now look for yourself") {
			go func() {
				for lines.Scan() {
				}
			}()
			return public
		}
	}
	t.Fatal("the demo ended before its story was told")
	return ""
}

func newBrowser(t *testing.T, chromium string) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "fr"), chromedp.Flag("accept-lang", "fr"), chromedp.WindowSize(1280, 1400),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as the context of this first call
		t.Fatalf("start %s: %v", chromium, err)
	}
	return ctx
}

// browserPath finds Chromium, or skips the test; in CI it is required.
func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Clean(path)
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("Chromium is required in CI")
	}
	t.Skip("skipped: no chromium on the PATH")
	return ""
}
