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

	steps := []struct {
		name string
		do   chromedp.Tasks
		sees []string
	}{
		{"a page of the console leads to sign-in", chromedp.Tasks{
			emulation.SetScriptExecutionDisabled(true),
			chromedp.Navigate(public + "/findings"),
		}, []string{"Entra ID"}},
		{"the provider asks who one is, and the console opens where one wanted to go", chromedp.Tasks{
			chromedp.Click(`main form button`, chromedp.ByQuery),
			chromedp.WaitVisible(`//button[contains(., "Karim Haddad")]`, chromedp.BySearch),
			chromedp.Click(`//button[contains(., "Karim Haddad")]`, chromedp.BySearch),
			chromedp.WaitVisible(`nav`, chromedp.ByQuery),
		}, []string{"sandrine.morel.secretariat@gmail.com", "Cadence CRM", "Critique"}},
		{"home puts the lost account first", chromedp.Tasks{chromedp.Navigate(public + "/")},
			[]string{"sandrine.morel.secretariat@gmail.com", "Critique"}},
		{"a person", chromedp.Tasks{
			chromedp.Navigate(public + "/people"),
			chromedp.Click(`//a[contains(., "Thomas Lefèvre")]`, chromedp.BySearch),
			chromedp.WaitVisible(`//h1[contains(., "Thomas Lefèvre")]`, chromedp.BySearch),
		}, []string{"thomas.lefevre@atelier-bremond.fr", "Cadence CRM"}},
		{"an app, paused by a form", chromedp.Tasks{
			chromedp.Navigate(public + "/apps"),
			chromedp.Click(`//main//a[contains(., "Cadence CRM")]`, chromedp.BySearch),
			chromedp.WaitVisible(`form[action$="/pause"]`, chromedp.ByQuery),
			chromedp.Click(`form[action$="/pause"] button`, chromedp.ByQuery),
			chromedp.WaitVisible(`form[action$="/resume"]`, chromedp.ByQuery),
		}, []string{"Cadence CRM"}},
		{"English", chromedp.Tasks{
			chromedp.Click(`//button[@lang="en" or normalize-space()="English" or normalize-space()="EN"]`, chromedp.BySearch),
			chromedp.WaitVisible(`html[lang="en"]`, chromedp.ByQuery),
			chromedp.Navigate(public + "/"),
		}, []string{"Critical", "sandrine.morel.secretariat@gmail.com"}},
	}
	for _, s := range steps {
		visit(t, ctx, s.name, s.do, s.sees...)
	}
	if script := os.Getenv("PROPRIO_TEST_AXE"); script != "" || os.Getenv("CI") == "true" {
		checkAccessibility(t, ctx, public, component(t, "PROPRIO_TEST_AXE", "the path of axe.min.js"))
	}
	visit(t, ctx, "sign out", chromedp.Tasks{
		emulation.SetScriptExecutionDisabled(true),
		chromedp.Navigate(public + "/"),
		chromedp.Click(`form[action="/sign-out"] button`, chromedp.ByQuery),
		chromedp.WaitVisible(`form[action^="/sign-in"]`, chromedp.ByQuery),
	})
}

// visit plays one step and looks for words on the page it ends on.
func visit(t *testing.T, ctx context.Context, name string, do chromedp.Tasks, sees ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var text, at string
	if err := chromedp.Run(ctx, do, chromedp.Text(`body`, &text, chromedp.ByQuery), chromedp.Location(&at)); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, words := range sees {
		if !strings.Contains(text, words) {
			t.Fatalf("%s: %s does not say %q:\n%s", name, at, words, text)
		}
	}
}

// checkAccessibility runs the axe rules on every page and fails on what is serious or critical.
func checkAccessibility(t *testing.T, ctx context.Context, public, script string) {
	t.Helper()
	axe, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	pages := []string{"/", "/findings", "/people", "/groups", "/apps", "/connections", "/audit"}
	for _, section := range []string{"/people", "/groups", "/apps", "/connections"} {
		var href string
		visit(t, ctx, section, chromedp.Tasks{
			chromedp.Navigate(public + section),
			chromedp.AttributeValue(fmt.Sprintf(`main a[href^="%s/"]`, section), "href", &href, nil, chromedp.ByQuery),
		})
		pages = append(pages, href)
	}
	for _, page := range pages {
		var result string
		visit(t, ctx, page, chromedp.Tasks{
			emulation.SetScriptExecutionDisabled(false),
			chromedp.Navigate(public + page),
			chromedp.Evaluate(string(axe), nil),
			chromedp.Evaluate(`axe.run().then(r => JSON.stringify(r.violations))`, &result, chromedp.EvalAwaitPromise),
		})
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
