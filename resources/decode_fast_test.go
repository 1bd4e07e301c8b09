package resources

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"
)

// FuzzDecodeFast holds the two decoders to each other: what the fast one takes, the other one takes too, and means the
// same by it.
func FuzzDecodeFast(f *testing.F) {
	for _, text := range []string{
		`{"a":[1,-0.5e+7,true,false,null,"é\u00e9\n",{}],"b":{"c":[]}}`, ` [ ] `, `{"a":1,"a":2}`, `{"a":1,}`, `[1,]`, `[01]`, `[-]`, `[1.]`,
		`["\ud800"]`, `["\ud83d\ude00 \ufffd"]`, `["\\\ud83d"]`, `["\ud83d\u0041"]`, `["\\ud83d �"]`, `{"\ude00":1}`, `["\u0000"]`, "[\"\x01\"]", `["\x"]`, `{"a" 1}`, `nul`, `tru`, `{} {}`, `"a`, `[1e5,1E-5,.5,+1]`, `{1:2}`, `[[[[`, "",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !utf8.Valid(text) {
			return
		}
		fast, ok := decodeFast(text)
		d := decoder{data: text, json: json.NewDecoder(bytes.NewReader(text))}
		d.json.UseNumber()
		slow, err := d.value()
		if _, end := d.json.Token(); err == nil && end == nil {
			return // there is more behind it, which the fast one does not take
		}
		switch {
		case ok && err != nil:
			t.Errorf("%q: taken as %v, but: %v", text, fast, err)
		case ok && !reflect.DeepEqual(fast, slow):
			t.Errorf("%q: %#v, not %#v", text, fast, slow)
		case !ok && err == nil && json.Valid(text):
			t.Errorf("%q is left to the slow one", text)
		}
	})
}

func BenchmarkDecodeObject(b *testing.B) {
	text := []byte(expand(someone))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeObject(text); err != nil {
			b.Fatal(err)
		}
	}
}
