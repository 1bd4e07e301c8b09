package backup

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// canonicalJSON writes a document so that equal documents are written equally: the members of objects in the order of
// their names, and each number by its digits and its exponent. Postgres keeps documents as jsonb, which forgets the order
// of members and how a number was spelt; SQLite keeps the text.
func canonicalJSON(to []byte, text string) ([]byte, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = fmt.Errorf("something follows the document")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	return appendCanonical(to, v), nil
}

func appendCanonical(to []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		to = append(to, '{')
		for _, name := range slices.Sorted(maps.Keys(v)) {
			to = append(strconv.AppendQuote(to, name), ':')
			to = append(appendCanonical(to, v[name]), ',')
		}
		return append(to, '}')
	case []any:
		to = append(to, '[')
		for _, element := range v {
			to = append(appendCanonical(to, element), ',')
		}
		return append(to, ']')
	case string:
		return strconv.AppendQuote(to, v)
	case json.Number:
		return appendNumber(to, string(v))
	case bool:
		return strconv.AppendBool(to, v)
	}
	return append(to, "null"...)
}

// appendNumber writes a JSON number as its significant digits and a power of ten, exactly: 1.50, 15e-1 and 1.5 are all
// 15e-1. No number is spelt out, so a large exponent costs nothing.
func appendNumber(to []byte, s string) []byte {
	s, negative := strings.CutPrefix(s, "-")
	mantissa, exponent := s, int64(0)
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		var err error
		exponent, err = strconv.ParseInt(s[i+1:], 10, 32)
		if err != nil { // beyond what a database takes for a number; as it is spelt, it is at least equal to itself
			return append(to, s...)
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exponent -= int64(len(fraction))
	digits := strings.TrimLeft(whole+fraction, "0")
	significant := strings.TrimRight(digits, "0")
	exponent += int64(len(digits) - len(significant))
	if significant == "" {
		return append(to, '0')
	}
	if negative {
		to = append(to, '-')
	}
	to = append(append(to, significant...), 'e')
	return strconv.AppendInt(to, exponent, 10)
}
