package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"proprio/db"
)

// allMetrics are the names of all that a server tells, with their kinds and labels as docs/monitoring.md has them.
func allMetrics(t *testing.T) map[string]string {
	t.Helper()
	i := newTestInstance(t, Config{})
	i.scraped.patience = time.Minute
	i.ask("GET", "/people")
	i.metrics.refuse(refusedFull)
	if err := i.db.RecordBackup(t.Context(), db.Backup{Taken: time.Now(), Finished: time.Now()}); err != nil {
		t.Fatal(err)
	}
	done := i.duties()[0]
	done.do = i.db.Ping
	if _, err := i.cluster.turn(t.Context(), done); err != nil {
		t.Fatal(err)
	}
	families, err := i.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, f := range families {
		labels := map[string]bool{}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = true
			}
		}
		told[f.GetName()] = strings.ToLower(f.GetType().String()) + " " + strings.Join(slices.Sorted(maps.Keys(labels)), " ")
	}
	return told
}

// docs/monitoring.md has a row for each metric of ours, with its kind and labels, and none for another; the dashboard and
// the alerts ask for nothing that is not told.
func TestMonitoringDocumentsAreOfTheMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	told := allMetrics(t)
	docs := filepath.Join("..", "..", "docs")
	page, err := os.ReadFile(filepath.Join(docs, "monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	row := regexp.MustCompile("(?m)^\\| `(proprio_\\w+)` \\| (\\w+) \\| ?([^|]*?) ?\\| (.+) \\|$")
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		labels := strings.FieldsFunc(m[3], func(r rune) bool { return r == ',' || r == ' ' })
		slices.Sort(labels)
		if want := m[2] + " " + strings.Join(labels, " "); told[m[1]] != want {
			t.Errorf("docs/monitoring.md has %s as %q; it is %q", m[1], want, told[m[1]])
		}
		documented[m[1]] = true
	}
	for name := range told {
		if strings.HasPrefix(name, "proprio_") && !documented[name] {
			t.Errorf("docs/monitoring.md does not have %s", name)
		}
	}
	expressions := alertExpressions(t, filepath.Join(docs, "monitoring", "alerts.yaml"))
	expressions = append(expressions, dashboardExpressions(t, filepath.Join(docs, "monitoring", "dashboard.json"))...)
	shown := map[string]bool{}
	for _, expr := range expressions {
		for _, name := range metricName.FindAllString(expr, -1) {
			base := histogramPart.ReplaceAllString(name, "")
			if told[name] == "" && !strings.HasPrefix(told[base], "histogram") && !foreignMetrics[name] {
				t.Errorf("%s asks for %s, which nobody tells", expr, name)
			}
			shown[name], shown[base] = true, true
		}
	}
	for name := range documented {
		if !shown[name] {
			t.Errorf("neither dashboard nor alerts show %s", name)
		}
	}
}

var (
	metricName    = regexp.MustCompile(`\b(?:proprio|go|process|probe)_\w+|\bup\b`)
	histogramPart = regexp.MustCompile(`_(?:bucket|sum|count)$`)
)

// foreignMetrics are told by Prometheus itself, the blackbox exporter, or on Linux alone.
var foreignMetrics = map[string]bool{
	"up": true, "probe_ssl_earliest_cert_expiry": true, "process_resident_memory_bytes": true, "process_cpu_seconds_total": true,
}

// alertExpressions are those of the rules. Each rule has all that it needs.
func alertExpressions(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`(?m)^      - alert: `).Split(string(text), -1)[1:]
	rule := regexp.MustCompile(`(?s)^\w+\n        expr: (.+?)\n        for: \d+[mhd]\n        labels: \{severity: (?:critical|warning)\}\n` +
		`        annotations:\n          summary: [^\n]+\n          action: [^\n]+\n`)
	var expressions []string
	for _, r := range rules {
		m := rule.FindStringSubmatch(r)
		if m == nil {
			t.Errorf("a rule is not whole: %s", r)
			continue
		}
		expressions = append(expressions, m[1])
	}
	if len(expressions) < 10 {
		t.Errorf("only %d alerts were found", len(expressions))
	}
	return expressions
}

// dashboardExpressions are those of the panels.
func dashboardExpressions(t *testing.T, file string) (expressions []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Title, UID string
		Panels     []struct {
			ID      int
			Type    string
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil || dashboard.Title == "" || dashboard.UID == "" {
		t.Fatalf("dashboard %q: %v", dashboard.Title, err)
	}
	ids := map[int]bool{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] || p.Title == "" || (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("panel %d %q is twice, or lacks a word or a question", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	return expressions
}
