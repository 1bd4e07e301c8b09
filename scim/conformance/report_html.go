package conformance

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed report.html
var page string

// section is what the page shows of one section.
type section struct {
	Title   string
	Anchor  string
	Results []Result
	Counts  map[Verdict]int
}

// WriteHTML writes the report as one page that needs nothing else: no script, no font, no image from anywhere.
func (r *Report) WriteHTML(out io.Writer, lang string) error {
	w := wordsIn(lang)
	t, err := template.New("report").Funcs(template.FuncMap{
		"verdict":  w.verdict,
		"words":    w.verdicts,
		"level":    func(l Level) string { return w.levels[l] },
		"title":    w.title,
		"line":     func(e Exchange) string { return e.line() },
		"date":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
		"seconds":  func(d time.Duration) string { return d.Round(100 * time.Millisecond).String() },
		"verdicts": func() []Verdict { return []Verdict{Fail, Warn, Pass, Skip} },
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(out, struct {
		*Report
		W        words
		Sections []section
		Counts   map[Verdict]int
		Total    int
		Failed   bool
	}{r, w, r.sections(w), r.Counts(), len(r.Results), r.Counts()[Fail] > 0})
}

func (r *Report) sections(w words) (all []section) {
	var last *Section
	for _, result := range r.Results {
		if result.Section != last {
			last = result.Section
			all = append(all, section{Title: w.title(last.Title, last.Titre), Anchor: "s-" + strings.ToLower(result.ID), Counts: map[Verdict]int{}})
		}
		s := &all[len(all)-1]
		s.Results = append(s.Results, result)
		s.Counts[result.Verdict]++
	}
	return all
}
