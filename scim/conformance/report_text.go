package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteText writes the report for a person. Its last line is for a script, in English whatever the language.
func (r *Report) WriteText(out io.Writer, lang string) error {
	w := wordsIn(lang)
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n%s: %s\n", w.Server, r.URL, w.Profile, r.Profile)
	if r.ReadOnly {
		fmt.Fprintln(&b, w.Reads)
	}
	var section *Section
	for i := range r.Results {
		result := &r.Results[i]
		if result.Section != section {
			section = result.Section
			fmt.Fprintf(&b, "\n%s\n", w.title(section.Title, section.Titre))
		}
		result.writeText(&b, w)
	}
	fmt.Fprintln(&b)
	if r.Interrupted {
		fmt.Fprintln(&b, w.Stopped)
	}
	for _, path := range r.Leftovers {
		fmt.Fprintf(&b, "%s: %s\n", w.Left, path)
	}
	fmt.Fprintln(&b, r.Summary())
	_, err := io.WriteString(out, b.String())
	return err
}

func (r *Result) writeText(b *strings.Builder, w words) {
	fmt.Fprintf(b, "  %-9s %s  %s  [%s, %s]\n", w.verdict(r.Verdict), r.ID, w.title(r.Title, r.Titre), w.levels[r.Level], r.Source)
	const indent = "                 "
	if r.Why != "" {
		fmt.Fprintf(b, "%s%s\n", indent, r.Why)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(b, "%s%s: %s\n", indent, w.Note, note)
	}
	for _, m := range r.Misses {
		fmt.Fprintf(b, "%s%s (%s): %s\n%s%s: %s\n", indent, w.Want, w.levels[m.Level], m.Want, indent, w.Got, m.Got)
		if e := m.Exchange; e != nil {
			fmt.Fprintf(b, "%s  %s\n", indent, e.line())
			for _, body := range []struct{ mark, text string }{{">", e.Request}, {"<", e.Response}} {
				if body.text != "" {
					fmt.Fprintf(b, "%s  %s %s\n", indent, body.mark, oneLine(body.text))
				}
			}
		}
	}
	if r.More > 0 {
		fmt.Fprintf(b, "%s+ %d\n", indent, r.More)
	}
}

// line is an exchange in short.
func (e *Exchange) line() string {
	text := e.Method + " " + e.Path
	if e.Headers != "" {
		text += " (" + e.Headers + ")"
	}
	if e.Error != "" {
		return text + ": " + e.Error
	}
	return fmt.Sprintf("%s: %d", text, e.Status)
}

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return strings.Map(func(r rune) rune { // what a server sends must not act on a terminal
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, text)
}

// Summary is one line that a script can read.
func (r *Report) Summary() string {
	counts := r.Counts()
	end := "complete"
	if r.Interrupted {
		end = "interrupted"
	}
	return fmt.Sprintf("conformance %s: profile=%s pass=%d warn=%d fail=%d skip=%d leftovers=%d requests=%d seconds=%.1f",
		end, r.Profile, counts[Pass], counts[Warn], counts[Fail], counts[Skip], len(r.Leftovers), r.Requests, r.Duration.Seconds())
}

// WriteJSON writes all that was found.
func (r *Report) WriteJSON(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		*Report
		Counts map[Verdict]int `json:"counts"`
		Failed bool            `json:"failed"`
	}{r, r.Counts(), r.Failed()})
}

// WriteList prints the catalogue of a profile.
func WriteList(out io.Writer, lang string, wanted []Requirement) error {
	w := wordsIn(lang)
	var b strings.Builder
	var section *Section
	for _, r := range wanted {
		if r.Section != section {
			section = r.Section
			fmt.Fprintf(&b, "%s\n", w.title(section.Title, section.Titre))
		}
		fmt.Fprintf(&b, "  %s  %-9s %s  [%s]\n", r.ID, r.Level, w.title(r.Title, r.Titre), r.Source)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
