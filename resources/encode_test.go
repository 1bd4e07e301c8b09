package resources

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzEncode holds what is stored to what encoding/json writes, byte by byte: a document that is written again must be
// the same.
func FuzzEncode(f *testing.F) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, s := range []string{"", "é \u2028\u2029 \ufffd <&>", string(every), "\xe2\x80", "😀"} {
		f.Add(s, "9.50")
	}
	f.Fuzz(func(t *testing.T, text, number string) {
		value := map[string]any{
			text: text, "b": true, "f": false, "n": nil, "list": []any{text, 7, int64(-7), 1.5, []any{}, map[string]any{}, []any(nil), map[string]any(nil)},
			"object": map[string]any{text + "z": text, "a" + text: "x", "Z": map[string]any{"deep": []any{text}}},
		}
		if json.Valid([]byte(number)) && number[0] != '"' && number[0] != '{' && number[0] != '[' {
			var n any
			d := json.NewDecoder(bytes.NewReader([]byte(number)))
			d.UseNumber()
			if d.Decode(&n) == nil {
				value["number"] = n
			}
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(value); err != nil {
			t.Fatal(err)
		}
		if got := encode(value); !bytes.Equal(got, bytes.TrimSuffix(want.Bytes(), []byte("\n"))) {
			t.Errorf("got  %s\nwant %s", got, want.Bytes())
		}
	})
}
