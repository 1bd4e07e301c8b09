package main_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"proprio/cmd/proprio/demo"
)

// An app is added paused, tried, compared and started; its log and retries are on the command line as in the console.
func TestAppSetUpAndLogOnTheCommandLine(t *testing.T) {
	t.Parallel()
	app, err := demo.NewApp(appToken)
	if err != nil {
		t.Fatal(err)
	}
	downstream := httptest.NewServer(app)
	t.Cleanup(downstream.Close)
	i := newInstallation(t, "")
	i.serve()
	i.command("company", "create", "Apps", "--domain", "apps.example", "--assume-verified")
	source := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Apps", "--connection", "idp"))
	source.must(t, "POST", "/Users", person("anne@apps.example"), 201)

	i.addApp("Apps", "crm", downstream.URL+"/scim/v2", appToken, "--paused")
	if out := i.command("app", "test", "crm"); !strings.Contains(out, "0 users, 0 groups") {
		t.Errorf("app test says %q", out)
	}
	if out := i.command("app", "compare", "crm"); !strings.Contains(out, "a repair would create 1") {
		t.Errorf("the dry run says %q", out)
	}
	if out := i.command("app", "log", "crm", "--action", "create"); out != "" {
		t.Errorf("before it was started: %q", out)
	}
	i.command("app", "resume", "crm")
	var log []struct {
		Name, Action, Method, Outcome, Request string
		Status                                 int
		DurationSeconds                        float64
	}
	for deadline := time.Now().Add(30 * time.Second); len(log) == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody was created")
		}
		if err := json.Unmarshal([]byte(i.command("app", "log", "crm", "--user", "ANNE", "--action", "create", "--json")), &log); err != nil {
			t.Fatal(err)
		}
	}
	if a := log[0]; len(log) != 1 || a.Name != "anne@apps.example" || a.Method != "POST" || a.Status != 201 || a.Outcome != "ok" || !strings.Contains(a.Request, "anne@apps.example") {
		t.Errorf("log %+v", log)
	}
	if out := i.command("app", "log", "crm", "--failed"); out != "" {
		t.Errorf("nothing failed, and the log says %q", out)
	}
	for want, args := range map[string][]string{
		"0 accounts": {"--class", "needs-admin"},
		"1 accounts": {"--user", "anne@apps.example"},
	} {
		if out := i.command(append([]string{"app", "retry", "crm"}, args...)...); !strings.HasPrefix(out, want) {
			t.Errorf("app retry %v says %q, want %q", args, out, want)
		}
	}
	downstream.Close()
	for words, args := range map[string][]string{
		"unreachable":            {"test", "crm"},
		"none of transient":      {"retry", "crm", "--class", "made-up"},
		"leave out --user":       {"retry", "crm", "--class", "gone", "--user", "anne@apps.example"},
		"not found":              {"retry", "crm", "--user", "nobody@apps.example"},
		"want 1 to 1000":         {"log", "crm", "--limit", "0"},
		"\"problem\": \"unreach": {"test", "crm", "--json"},
	} {
		out, err := i.try(append([]string{"app"}, args...)...)
		if err == nil || !strings.Contains(out+err.Error(), words) {
			t.Errorf("app %v: %q, %v; want %q", args, out, err, words)
		}
	}
}
