package conformance_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"proprio/scim/conformance"
)

// One report in each form says the same.
func TestReportsSayTheSame(t *testing.T) {
	t.Parallel()
	_, url := newToy(t)
	report := run(t, conformance.Options{URL: url, Token: secret, Only: []string{"R0*", "R14", "R41", "P01", "E04"}})
	counts := report.Counts()
	if counts[conformance.Fail] == 0 || counts[conformance.Skip] == 0 || counts[conformance.Pass] == 0 {
		t.Fatalf("counts are %v; this test wants some of each", counts)
	}
	var text, data, page bytes.Buffer
	if err := report.WriteText(&text, "fr"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	want := regexp.MustCompile(`^conformance complete: profile=rfc pass=\d+ warn=\d+ fail=\d+ skip=\d+ leftovers=0 requests=\d+ seconds=\d+\.\d$`)
	if last := lines[len(lines)-1]; !want.MatchString(last) || last != report.Summary() {
		t.Errorf("the last line is %q", last)
	}
	if err := report.WriteJSON(&data); err != nil {
		t.Fatal(err)
	}
	var decoded struct {
		Results []struct{ ID, Verdict string }
		Counts  map[string]int
		Failed  bool
	}
	if err := json.Unmarshal(data.Bytes(), &decoded); err != nil || len(decoded.Results) != len(report.Results) || !decoded.Failed ||
		decoded.Counts["fail"] != counts[conformance.Fail] {
		t.Errorf("JSON: %v, %d results, counts %v", err, len(decoded.Results), decoded.Counts)
	}
	if err := report.WriteHTML(&page, "fr"); err != nil {
		t.Fatal(err)
	}
	html := page.String()
	for _, r := range report.Results {
		if !strings.Contains(text.String(), r.ID) || !strings.Contains(html, `<article id="`+r.ID+`">`) {
			t.Errorf("%s is not in every report", r.ID)
		}
	}
	if !strings.Contains(html, `<html lang="fr">`) || !strings.Contains(html, "en défaut") {
		t.Error("the page is not in French")
	}
	for _, outside := range []string{"<script", "<link", "<img", "@import", "url("} {
		if strings.Contains(html, outside) {
			t.Errorf("the page has %q: it must need nothing else", outside)
		}
	}
}

// What a server answers is text in the page, not markup, and cannot act on a terminal.
func TestReportsAreSafeToRead(t *testing.T) {
	t.Parallel()
	s, url := newToy(t)
	s.users["mine"]["userName"] = "<script>alert(1)</script>\x1b[31m"
	report := run(t, conformance.Options{URL: url, Token: secret, ReadOnly: true, Only: []string{"R09", "R42"}})
	var text, page bytes.Buffer
	if err := report.WriteText(&text, "en"); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteHTML(&page, "en"); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "<script") || !strings.Contains(page.String(), "&lt;script") {
		t.Error("an answer is markup in the page")
	}
	if strings.Contains(text.String(), "\x1b") {
		t.Error("an answer acts on the terminal")
	}
}
