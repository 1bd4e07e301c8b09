package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// verdicts is what proprio conformance --json prints, as far as the tests read it.
type verdicts struct {
	Results []struct {
		ID, Level, Source, Link, Title, Verdict, Why, Hidden string
		Notes                                                []string
		Misses                                               []struct{ Level, Want, Got string }
	}
	Counts    map[string]int
	Leftovers []string
}

// judge runs the suite as a command, and returns its report and exit status.
func judge(t *testing.T, base, token string, more ...string) (v verdicts, status int) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"conformance", "--url", base, "--token-file", "-", "--json", "-"}, more...)...)
	cmd.Stdin = strings.NewReader(token + "\n")
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		status = exit.ExitCode()
		if status == 2 {
			t.Fatalf("the suite could not run: %s", exit.Stderr)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("the report is no JSON: %v", err)
	}
	return v, status
}

// profiles are what our server is held against, each with the switch of the connection that promises it.
var profiles = []struct{ name, title, change string }{
	{"rfc", "Standards and clients in use", ""},
	{"interop", "Interoperability profile: connections with the switch `interop`", "interop=on"},
	{"ipsie-al1", "IPSIE AL1: connections with the switch `ipsie`", "ipsie=on"},
	{"ipsie-al2", "IPSIE AL2: connections with the switch `ipsie`", "ipsie=on"},
}

// TestOurServerConforms: our own suite finds no requirement missed and nothing to warn about, and skips nothing but what
// cannot be seen from outside, on SQLite and on Postgres, with every optional part turned on. The verdicts are those that
// docs/conformance.md tells.
func TestOurServerConforms(t *testing.T) {
	t.Parallel()
	dbtest.EachConfig(t, func(t *testing.T, c db.Config) {
		t.Parallel()
		i := newInstallation(t, c.URL)
		i.command("company", "create", "Judged", "--domain", "judged.example", "--assume-verified")
		i.command("company", "set", "Judged", "--feature", "roles=on", "--feature", "delta=on", "--feature", "memberships=on")
		i.command("role", "set", "editor", "--company", "Judged")
		i.command("company", "create", "Other", "--domain", "other.example", "--assume-verified")
		second := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(second, []byte(i.command("token", "create", "--company", "Other", "--connection", "idp")), 0o600); err != nil {
			t.Fatal(err)
		}
		i.serve()
		var tables []string
		for _, p := range profiles {
			token := i.command("token", "create", "--company", "Judged", "--connection", p.name)
			if p.change != "" {
				i.command("connection", "set", p.name, "--company", "Judged", "--switch", p.change)
			}
			v, status := judge(t, i.url+"/scim/v2", token, "--domain", "judged.example", "--second-token-file", second, "--profile", p.name)
			v.areGood(t, p.name, status)
			tables = append(tables, v.table(p.title, p.name))
		}
		checkTables(t, strings.Join(tables, "\n"))
	})
}

// areGood fails the test for all but a pass, and a skip of what is hidden or replaced.
func (v verdicts) areGood(t *testing.T, profile string, status int) {
	t.Helper()
	for _, r := range v.Results {
		replaced := profile != "rfc" && strings.HasPrefix(r.Why, "in this profile")
		if r.Verdict == "pass" || r.Verdict == "skip" && (r.Hidden != "" || replaced) {
			continue
		}
		t.Errorf("%s: %s %s (%s): %s", profile, r.Verdict, r.ID, r.Title, r.Why)
		for _, m := range r.Misses {
			t.Errorf("    want (%s) %s, got %.300s", m.Level, m.Want, m.Got)
		}
	}
	if status != 0 || len(v.Leftovers) > 0 || len(v.Results) < 100 {
		t.Errorf("%s: exit status %d, %d results, left behind %v", profile, status, len(v.Results), v.Leftovers)
	}
}

// table is the verdicts as Markdown. Profiles built on the RFCs show only what they add.
func (v verdicts) table(title, profile string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n`--profile %s`: %d pass, %d warn, %d fail, %d not judged\n\n", title, profile,
		v.Counts["pass"], v.Counts["warn"], v.Counts["fail"], v.Counts["skip"])
	b.WriteString("| | Requirement | Level | Source | Verdict |\n|---|---|---|---|---|\n")
	for _, r := range v.Results {
		added := slices.Contains([]string{"I", "A"}, r.ID[:1])
		if profile != "rfc" && !added && !strings.HasPrefix(r.Why, "in this profile") {
			continue
		}
		source := r.Source
		if r.Link != "" {
			source = "[" + r.Source + "](" + r.Link + ")"
		}
		verdict := r.Verdict
		for _, more := range append([]string{r.Why}, r.Notes...) {
			if more != "" && !strings.HasPrefix(more, "Location has another") {
				verdict += "; " + more
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.ID, cell(r.Title), r.Level, source, cell(verdict))
	}
	return b.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// checkTables compares with what docs/conformance.md has between its two marks.
func checkTables(t *testing.T, want string) {
	t.Helper()
	const begin, end = "<!-- verdicts: written by the test TestOurServerConforms -->\n", "<!-- end of verdicts -->\n"
	path := filepath.Join("..", "..", "docs", "conformance.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	have, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lacks the marks around the verdicts", path)
	}
	if have == want {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	haveLines := strings.Split(have, "\n")
	for _, line := range strings.Split(want, "\n") {
		if !slices.Contains(haveLines, line) {
			t.Errorf("docs/conformance.md does not say: %s", line)
		}
	}
	t.Error("docs/conformance.md is out of date: go test ./cmd/proprio -run TestOurServerConforms -update")
}

// TestForeignServersAreJudged runs the suite against servers written by others. It comes to its end, leaves nothing, and
// tells their faults from what they do right.
func TestForeignServersAreJudged(t *testing.T) {
	known := map[string]struct{ pass, fail []string }{
		"scimmy-routers": {pass: []string{"R04", "R15", "R18", "Q29"}, fail: []string{"R01", "R03", "R09", "R41", "R42"}},
		"scim2-server":   {pass: []string{"R03", "R14", "R41", "R48", "R53"}, fail: []string{"R17", "R49"}},
		"scim-sdk":       {pass: []string{"R03", "R04", "R14", "R15", "R18"}, fail: []string{"R01", "R06", "R33", "R42", "R58"}},
	}
	for _, f := range foreignServers {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			base := f.start(t)
			v, status := judge(t, base, foreignToken)
			if status != 1 || len(v.Leftovers) > 0 {
				t.Errorf("exit status %d, left behind %v", status, v.Leftovers)
			}
			got := map[string]string{}
			for _, r := range v.Results {
				got[r.ID] = r.Verdict
			}
			for _, id := range known[f.name].pass {
				if got[id] != "pass" {
					t.Errorf("%s: %s, want pass", id, got[id])
				}
			}
			for _, id := range known[f.name].fail {
				if got[id] != "fail" {
					t.Errorf("%s: %s, want fail", id, got[id])
				}
			}
			c := newCaller(base, foreignToken)
			for _, endpoint := range []string{"/Users", "/Groups"} {
				if left := c.all(t, endpoint); len(left) > 0 {
					t.Errorf("%d resources are left at %s", len(left), endpoint)
				}
			}
		})
	}
}

// TestConformanceSaysHowItEnded: exit status 0 for no must missed, 1 for some, 2 for a suite that could not run.
func TestConformanceSaysHowItEnded(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Ends", "--domain", "ends.example", "--assume-verified")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(i.command("token", "create", "--company", "Ends", "--connection", "idp")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.serve()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	base, page := i.url+"/scim/v2", filepath.Join(t.TempDir(), "report.html")
	for _, c := range []struct {
		args   []string
		env    string
		status int
		says   string
	}{
		{[]string{"--list", "--profile", "interop"}, "", 0, "I01"},
		{[]string{"--list", "--lang", "fr", "--only", "R26"}, "", 0, "PatchOp"},
		{[]string{"--url", base, "--domain", "ends.example", "--only", "R14,R3*", "--html", page}, "PROPRIO_TOKEN_FILE=" + token, 0, "fail=0"},
		{[]string{"--url", base, "--read-only", "--only", "R0*"}, "PROPRIO_TOKEN_FILE=" + token, 0, "fail=0"},
		{[]string{"--url", base, "--token-file", token}, "", 2, "--domain"},
		{[]string{"--url", base, "--token", "none-of-its-tokens"}, "", 2, "refuses the token"},
		{[]string{"--url", "http://" + freeAddress(t), "--token-file", token}, "", 2, "refused"},
		{[]string{"--url", base}, "", 2, "--token-file"},
		{[]string{"--token-file", token}, "", 2, "--url"},
		{[]string{"--url", base, "--token-file", token, "--lang", "de"}, "", 2, "--lang"},
		{[]string{"--url", base, "--token-file", token, "--only", "R99"}, "", 2, "R99"},
		{[]string{"--url", base, "--token-file", token, "--domain", "ends.example", "--only", "R14", "--html", t.TempDir()}, "", 2, "directory"},
	} {
		cmd := exec.Command(path, append([]string{"conformance"}, c.args...)...)
		cmd.Env = append(os.Environ(), c.env)
		out, _ := cmd.CombinedOutput()
		if status := cmd.ProcessState.ExitCode(); status != c.status || !strings.Contains(string(out), c.says) {
			t.Errorf("%v: exit status %d, want %d and %q\n%.800s", c.args, status, c.status, c.says, out)
		}
	}
	if html, err := os.ReadFile(page); err != nil || !strings.Contains(string(html), "<!doctype html>") {
		t.Errorf("the page: %v", err)
	}
	if left := newCaller(base, i.command("token", "create", "--company", "Ends", "--connection", "other")).all(t, "/Users"); len(left) > 0 {
		t.Errorf("%d users are left", len(left))
	}
}

// TestConformanceCleansUpAfterCtrlC: the signal ends the run, not the cleaning up.
func TestConformanceCleansUpAfterCtrlC(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	i.command("company", "create", "Broken", "--domain", "broken.example", "--assume-verified")
	token := i.command("token", "create", "--company", "Broken", "--connection", "idp")
	i.serve()
	target, err := url.Parse(i.url)
	if err != nil {
		t.Fatal(err)
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "conformance", "--token", token, "--domain", "broken.example")
	var requests atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(target)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxy.ServeHTTP(w, r)
		if requests.Add(1) == 300 {
			cmd.Process.Signal(syscall.SIGINT)
		}
	}))
	t.Cleanup(front.Close)
	cmd.Args = append(cmd.Args, "--url", front.URL+"/scim/v2")
	out, _ := cmd.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if status := cmd.ProcessState.ExitCode(); status != 1 || !strings.Contains(strings.Join(lines[max(len(lines)-2, 0):], "\n"), "conformance interrupted: ") {
		t.Errorf("exit status %d, the end is %q", status, lines[max(len(lines)-2, 0):])
	}
	c := newCaller(i.url+"/scim/v2", token)
	for _, endpoint := range []string{"/Users", "/Groups"} {
		if left := c.all(t, endpoint); len(left) > 0 {
			t.Errorf("%d resources are left at %s", len(left), endpoint)
		}
	}
}

// TestTheConformancePageNamesEverySwitch: what a switch of a connection changes in the protocol is on the page that says
// where Proprio chose.
func TestTheConformancePageNamesEverySwitch(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "conformance.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range resources.AllSwitches() {
		if !strings.Contains(string(page), "`"+s.Name+"`") {
			t.Errorf("docs/conformance.md does not name the switch %s (%s)", s.Name, s.Rule)
		}
	}
}

// TestConformanceReportIsAccessible: the page of a server with faults of every kind breaks no axe rule that matters.
func TestConformanceReportIsAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(component(t, "PROPRIO_TEST_AXE", "the path of axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	browser := newBrowser(t, browserPath(t))
	base := startScimmy(t)
	for _, lang := range []string{"en", "fr"} {
		page := filepath.Join(t.TempDir(), "report.html")
		judge(t, base, foreignToken, "--only", "R0*,R4*,R5*,E*", "--html", page, "--lang", lang)
		checkPage(t, browser, lang, "file://"+page, string(axe))
	}
}
