package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// phrase is a sentence of the engine with gaps, as its source has it, and how French says it. What an app answered is in a gap,
// and stays as the app said it.
type phrase struct {
	parts  []string // what stands before, between and after the gaps
	verbs  []string // of the gaps, such as %s
	french string   // {1} is the first gap
	weight int      // how many letters are not gaps
}

// phraseFile is the French of the engine's sentences by their English, in the form of package fmt.
const phraseFile = "messages/engine.fr.json"

// gap is a verb of package fmt.
var gap = regexp.MustCompile(`%[-+# 0]*[0-9.]*[a-zA-Z]`)

// loadPhrases reads them, those first that leave the least open.
func loadPhrases() ([]phrase, error) {
	texts, err := loadPhraseTexts()
	if err != nil {
		return nil, err
	}
	phrases := make([]phrase, 0, len(texts))
	for english, french := range texts {
		phrases = append(phrases, newPhrase(english, french))
	}
	slices.SortFunc(phrases, func(a, b phrase) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), slices.Compare(a.parts, b.parts))
	})
	return phrases, nil
}

func loadPhraseTexts() (map[string]string, error) {
	b, err := messageFiles.ReadFile(phraseFile)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	if err := json.Unmarshal(b, &texts); err != nil {
		return nil, fmt.Errorf("%s: %w", phraseFile, err)
	}
	return texts, nil
}

func newPhrase(english, french string) phrase {
	p := phrase{parts: gap.Split(english, -1), verbs: gap.FindAllString(english, -1), french: french}
	for i, part := range p.parts {
		p.parts[i] = strings.ReplaceAll(part, "%%", "%")
		p.weight += len(p.parts[i])
	}
	return p
}

// fill is what stands in the gaps of a sentence that has the phrase's form.
func (p phrase) fill(s string) (gaps []string, ok bool) {
	rest, ok := strings.CutPrefix(s, p.parts[0])
	if !ok {
		return nil, false
	}
	for i, verb := range p.verbs {
		part, last := p.parts[i+1], i == len(p.verbs)-1
		at := strings.Index(rest, part)
		switch {
		case last && strings.HasSuffix(rest, part):
			at = len(rest) - len(part)
		case last || at < 0:
			return nil, false
		case part == "":
			return nil, false // two gaps side by side: nobody knows where one ends
		}
		words := rest[:at]
		if _, err := strconv.Atoi(words); verb == "%d" && err != nil || words == "" {
			return nil, false
		}
		gaps, rest = append(gaps, words), rest[at+len(part):]
	}
	return gaps, rest == ""
}

// How far a sentence is looked into: an app's own words may be of any form.
const (
	phraseDepth = 5   // how often one may stand in the gap of another one
	mostLooks   = 300 // how often all phrases are gone through
	longestSaid = 8000
)

// translated is a sentence of the engine in French; false: it is none.
func (f formatter) translated(s string) (string, bool) {
	looks := 0
	if len(s) > longestSaid {
		return s, false
	}
	return f.translate(s, phraseDepth, &looks)
}

func (f formatter) translate(s string, depth int, looks *int) (string, bool) {
	if depth == 0 || *looks == mostLooks || strings.TrimSpace(s) == "" {
		return s, false
	}
	*looks++
	if words := f.why(s); words != s {
		return words, true
	}
	for _, p := range f.phrases {
		gaps, ok := p.fill(s)
		if !ok {
			continue
		}
		pairs := make([]string, 0, 2*len(gaps))
		for i, words := range gaps {
			place := "{" + strconv.Itoa(i+1) + "}"
			if quoted, err := strconv.Unquote(words); err == nil && p.verbs[i] == "%q" {
				words = "«\u00a0" + quoted + "\u00a0»"
			} else if !strings.Contains(p.french, "«\u00a0"+place) { // between quotation marks stands what an app said
				words, _ = f.translate(words, depth-1, looks)
			}
			pairs = append(pairs, place, words)
		}
		return strings.NewReplacer(pairs...).Replace(p.french), true
	}
	return f.chained(s, depth, looks)
}

// chained is what was put together from two sentences, one about the other.
func (f formatter) chained(s string, depth int, looks *int) (string, bool) {
	for _, between := range []struct{ english, french string }{{"\n", "\n"}, {"; ", "\u202f; "}, {": ", "\u00a0: "}} {
		before, after, found := strings.Cut(s, between.english)
		if !found {
			continue
		}
		first, told := f.translate(before, depth-1, looks)
		rest, known := f.translate(after, depth, looks)
		if told || known {
			return first + between.french + rest, true
		}
	}
	return s, false
}

// told is a sentence of the engine in the reader's language, or as it is.
func (f formatter) told(s string) string {
	if f.lang == French {
		s, _ = f.translated(s)
		return s
	}
	return f.why(s)
}

// said is a sentence of the engine in the reader's language. One that is not known is marked as English.
func (f formatter) said(s string) template.HTML {
	if f.lang == English || s == "" {
		return template.HTML(template.HTMLEscapeString(s))
	}
	if words, ok := f.translated(s); ok {
		return template.HTML(template.HTMLEscapeString(words))
	}
	return template.HTML(`<span lang="en">` + template.HTMLEscapeString(s) + `</span>`)
}
