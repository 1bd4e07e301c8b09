package resources_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/resources"
)

func TestDecodeObject(t *testing.T) {
	t.Parallel()
	got, err := resources.DecodeObject([]byte(` {"a": [1, 2.50, "é\"\u00e9", true, null, {}], "b": {"c": 12345678901234567890}} `))
	if err != nil {
		t.Fatal(err)
	}
	want := resources.Input{
		"a": []any{json.Number("1"), json.Number("2.50"), "é\"é", true, nil, map[string]any{}},
		"b": map[string]any{"c": json.Number("12345678901234567890")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"k%d": %d`, i, i)
	}
	return strings.Join(keys, ", ")
}

func TestDecodeObject_takesAThousandKeys(t *testing.T) {
	t.Parallel()
	got, err := resources.DecodeObject([]byte("{" + manyKeys(1000) + "}"))
	if err != nil || len(got) != 1000 {
		t.Errorf("%d keys, %v", len(got), err)
	}
}

// U+FFFD itself is a character, and so is what looks like an escape behind a backslash.
func TestDecodeObject_takesWholeCharacters(t *testing.T) {
	t.Parallel()
	got, err := resources.DecodeObject([]byte(`{"a": "\ufffd � \ud83d\uDE00 \\ud83d \\\\ud83d"}`))
	if err != nil || got["a"] != "\ufffd � 😀 \\ud83d \\\\ud83d" {
		t.Errorf("%q, %v", got["a"], err)
	}
}

// RFC 7644 §3.12 invalidSyntax: what cannot be read in exactly one way is refused, and the message names the place.
func TestDecodeObject_refuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, path, detail string }{
		{"nothing", "", "", "ends too early"},
		{"cut off", `{"a": [1`, "a", "ends too early"},
		{"cut off in a string", `{"a": "x`, "a", "ends too early"},
		{"not an object", `[{}]`, "", "must be a JSON object, not an array"},
		{"a bare string", `"x"`, "", "must be a JSON object, not a string"},
		{"null", `null`, "", "not null"},
		{"bytes after it", `{} {}`, "", "more after the end"},
		{"garbage after it", `{}x`, "", "more after the end"},
		{"syntax", `{"a": {"b": tru}}`, "a.b", "malformed at byte"},
		{"key without quotes", `{a: 1}`, "", "malformed at byte"},
		{"number as key", `{1: 1}`, "", "malformed at byte"},
		{"trailing comma", `{"a": [1,]}`, "a[1]", "malformed at byte"},
		{"Q07: key twice", `{"name": {"x": 1, "x": 2}}`, "name.x", "twice"},
		{"Q07: key twice, by escape", `{"x": 1, "\u0078": 2}`, "x", "twice"},
		{"NUL in text", `{"emails": [{"value": "a\u0000b"}]}`, "emails[0].value", "U+0000"},
		{"NUL in a key", `{"a": {"b\u0000": 1}}`, "a", "U+0000"},
		{"half a pair", `{"emails": [{"value": "a\ud800@b.example"}]}`, "emails[0].value", "surrogate pair"},
		{"the other half, in a key", `{"a": {"b\uDE00": 1}}`, "a", "surrogate pair"},
		{"half a pair after a pair", `{"a": "\ud83d\ude00\ud83d"}`, "a", "surrogate pair"},
		{"half a pair before another", `{"a": "\ud83d\ud83d\ude00"}`, "a", "surrogate pair"},
		{"half a pair behind a backslash", `{"a": "\\\ud83d"}`, "a", "surrogate pair"},
		{"not UTF-8", "{\"a\": \"\xff\"}", "", "UTF-8"},
		{"too deep", strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33), strings.Repeat("a.", 31) + "a", "deeper than 32"},
		{"too many keys", `{"a": {` + manyKeys(1001) + `}}`, "a", "more than 1000 keys"},
		{"too many values", `{"a": [` + strings.Repeat("1,", 99_999) + `1]}`, "a[99998]", "more than 100000 values"},
		{"after a sibling", `{"x": [1, 2], "y": {"b": [0, {"c": "d", "e": "\u0000"}]}}`, "y.b[1].e", "U+0000"},
		{"far too deep", strings.Repeat("[", 100000), "", "deeper than 32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := resources.DecodeObject([]byte(tt.in))
			wantError(t, err, resources.ErrInvalidSyntax, tt.detail)
			var e *resources.Error
			if errors.As(err, &e) && tt.path != "" && e.Path != tt.path {
				t.Errorf("path %q, want %q", e.Path, tt.path)
			}
		})
	}
}

func FuzzDecodeObject(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":null}]}`, `{"a":1,"a":2}`, `{"\u0000":1}`, `{}}`, `{"a":1e999}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := resources.DecodeObject(data)
		if err != nil {
			if !errors.Is(err, resources.ErrInvalidSyntax) {
				t.Fatalf("%v is no ErrInvalidSyntax", err)
			}
			return
		}
		var plain map[string]any
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.UseNumber()
		if err := d.Decode(&plain); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if diff := cmp.Diff(plain, got); diff != "" {
			t.Error(diff)
		}
	})
}

// wantError checks the kind of a domain error and that its message tells what is needed.
func wantError(t *testing.T, err, kind error, parts ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error %v, want %v", err, kind)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
}
