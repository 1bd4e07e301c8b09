package console

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed messages/*.json
var messageFiles embed.FS

// message is one text. Texts with a count have two forms; one is used where the language counts as singular.
type message struct{ one, other string }

// UnmarshalJSON accepts "text" and {"one": "text", "other": "text"}.
func (m *message) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &m.other); err == nil {
		return nil
	}
	var forms struct{ One, Other string }
	if err := json.Unmarshal(b, &forms); err != nil {
		return err
	}
	if forms.One == "" || forms.Other == "" {
		return fmt.Errorf("a counted message needs one and other, got %s", b)
	}
	m.one, m.other = forms.One, forms.Other
	return nil
}

// catalog is all texts of one language.
type catalog struct {
	lang  string
	texts map[string]message
}

func loadCatalog(lang string) (*catalog, error) {
	b, err := messageFiles.ReadFile("messages/" + lang + ".json")
	if err != nil {
		return nil, err
	}
	c := &catalog{lang: lang}
	if err := json.Unmarshal(b, &c.texts); err != nil {
		return nil, fmt.Errorf("messages/%s.json: %w", lang, err)
	}
	return c, nil
}

// text returns a message with its {placeholders} filled. args are names and values in turn; the value of "n" also
// chooses between the counted forms. A missing key is an error, so that no page is served half-translated.
func (c *catalog) text(key string, args ...any) (string, error) {
	m, ok := c.texts[key]
	if !ok {
		return "", fmt.Errorf("message %q is missing in %s", key, c.lang)
	}
	s := m.other
	var pairs []string
	for i := 0; i+1 < len(args); i += 2 {
		name, value := fmt.Sprint(args[i]), args[i+1]
		if n, ok := value.(int); ok {
			if name == "n" && m.one != "" && c.singular(n) {
				s = m.one
			}
			value = c.number(n)
		}
		pairs = append(pairs, "{"+name+"}", fmt.Sprint(value))
	}
	return strings.NewReplacer(pairs...).Replace(s), nil
}

// word returns the message prefix+"."+value, or value itself when the catalog does not know it: for values from
// outside, such as an action that a later version records.
func (c *catalog) word(prefix string, value any) string {
	if m, ok := c.texts[prefix+"."+fmt.Sprint(value)]; ok {
		return m.other
	}
	return fmt.Sprint(value)
}

// step returns the message of a cure's step, which is a key itself.
func (c *catalog) step(key string) string {
	if m, ok := c.texts[key]; ok {
		return m.other
	}
	return key
}

// singular follows CLDR: French counts 0 and 1 as one, English only 1.
func (c *catalog) singular(n int) bool { return n == 1 || (n == 0 && c.lang == French) }

// number groups thousands: 12 345 in French (narrow no-break space), 12,345 in English.
func (c *catalog) number(n int) string {
	s := fmt.Sprint(n)
	sep := ","
	if c.lang == French {
		sep = "\u202f"
	}
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return s
}
