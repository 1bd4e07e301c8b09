package scim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/resources"
)

// decodeAndProject leaves out of a rendered resource what the projection does not show, and out of its `schemas` the extensions
// of which nothing is left (RFC 7643 §3). What it keeps, it copies.
func decodeAndProject(rt *resources.ResourceType, full []byte, p projection) ([]byte, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(full, &top); err != nil {
		return nil, fmt.Errorf("project %s: %w", rt.Name, err)
	}
	o := &objectWriter{out: make([]byte, 0, len(full))}
	schemas := []string{rt.Schema.ID}
	if err := projectObject(o, rt.Attributes(), top, p, "schemas"); err != nil {
		return nil, err
	}
	for _, extension := range rt.Extensions {
		var inner map[string]json.RawMessage
		if raw, ok := top[extension.ID]; !ok {
			continue
		} else if err := json.Unmarshal(raw, &inner); err != nil {
			return nil, fmt.Errorf("project %s: %w", extension.ID, err)
		}
		part := &objectWriter{}
		if err := projectObject(part, rt.Extension(extension.ID), inner, p, ""); err != nil {
			return nil, err
		}
		if len(part.out) > 0 {
			o.member(extension.ID, part.bytes())
			schemas = append(schemas, extension.ID)
		}
	}
	list, err := json.Marshal(schemas)
	if err != nil {
		return nil, err
	}
	o.member("schemas", list)
	return o.bytes(), nil
}

// projectObject writes the shown attributes of an object, except one.
func projectObject(o *objectWriter, attributes []*resources.Attribute, object map[string]json.RawMessage, p projection, except string) error {
	for _, a := range attributes {
		raw, ok := object[a.Name]
		if !ok || a.Name == except || !p.shows(a) {
			continue
		}
		if slices.ContainsFunc(a.Sub, func(sub *resources.Attribute) bool { return !p.shows(sub) }) {
			part, err := projectValue(a, raw, p)
			if err != nil {
				return fmt.Errorf("project %s: %w", a, err)
			}
			raw = part
		}
		if len(raw) > 0 {
			o.member(a.Name, raw)
		}
	}
	return nil
}

// projectValue leaves sub-attributes out of a complex value or of each element of a multi-valued one; nil when nothing
// is left.
func projectValue(a *resources.Attribute, raw json.RawMessage, p projection) (json.RawMessage, error) {
	if !a.Multi {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, err
		}
		o := &objectWriter{}
		if err := projectObject(o, a.Sub, object, p, ""); err != nil || len(o.out) == 0 {
			return nil, err
		}
		return o.bytes(), nil
	}
	var elements []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil, err
	}
	var kept []json.RawMessage
	for _, element := range elements {
		o := &objectWriter{}
		if err := projectObject(o, a.Sub, element, p, ""); err != nil {
			return nil, err
		}
		if len(o.out) > 0 {
			kept = append(kept, o.bytes())
		}
	}
	if kept == nil {
		return nil, nil
	}
	return json.Marshal(kept)
}

// objectWriter builds a JSON object member by member.
type objectWriter struct{ out []byte }

func (o *objectWriter) member(name string, value []byte) {
	if len(o.out) == 0 {
		o.out = append(o.out, '{')
	} else {
		o.out = append(o.out, ',')
	}
	o.out = append(appendText(o.out, name), ':')
	o.out = append(o.out, value...)
}

func (o *objectWriter) bytes() []byte {
	if len(o.out) == 0 {
		return []byte("{}")
	}
	return append(o.out, '}')
}

// scribe makes rendered resources of a type at random: some of its attributes, some that it does not have, in any
// order and with any white space between them.
type scribe struct {
	random *rand.Rand
	rt     *resources.ResourceType
}

// texts are values that a reader who does not decode could stumble on.
var texts = []string{"", "anne", `"`, `\`, `\\"`, "}", "],{", "Zoé \u2028", "a:b,c", "\x00\n", "😀", `{"a":[1,"]"]}`}

func (d *scribe) some(n int) bool { return d.random.IntN(n) == 0 }

func (d *scribe) text() string { return texts[d.random.IntN(len(texts))] }

func (d *scribe) value(a *resources.Attribute) any {
	if d.some(20) {
		return nil
	}
	if !a.Multi {
		return d.single(a)
	}
	list := make([]any, d.random.IntN(4))
	for i := range list {
		list[i] = d.single(a)
	}
	return list
}

func (d *scribe) single(a *resources.Attribute) any {
	switch {
	case len(a.Sub) > 0:
		return d.object(a.Sub)
	case a.Kind == resources.KindBoolean:
		return d.some(2)
	case a.Kind == resources.KindInteger:
		return -d.random.IntN(1000)
	case a.Kind == resources.KindDecimal:
		return 1.5e-3
	}
	return d.text()
}

func (d *scribe) object(attributes []*resources.Attribute) map[string]any {
	o := map[string]any{}
	for _, a := range attributes {
		if !d.some(3) {
			o[a.Name] = d.value(a)
		}
	}
	for d.some(3) {
		o["x"+d.text()] = map[string]any{"y": []any{d.text(), map[string]any{}, 1}}
	}
	return o
}

func (d *scribe) document(t *testing.T) []byte {
	t.Helper()
	o := d.object(d.rt.Attributes())
	for _, e := range d.rt.Extensions {
		if !d.some(3) {
			o[e.ID] = d.object(d.rt.Extension(e.ID))
		}
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	if d.some(2) {
		var spaced bytes.Buffer
		if err := json.Indent(&spaced, text, "\r", "\t "); err != nil {
			t.Fatal(err)
		}
		return spaced.Bytes()
	}
	return text
}

// projection chooses attributes and sub-attributes at random.
func (d *scribe) projection() projection {
	all := slices.Clone(d.rt.Attributes())
	for _, e := range d.rt.Extensions {
		all = append(all, d.rt.Extension(e.ID)...)
	}
	set := map[*resources.Attribute]bool{}
	for range d.random.IntN(5) {
		a := all[d.random.IntN(len(all))]
		if len(a.Sub) > 0 && d.some(2) {
			a = a.Sub[d.random.IntN(len(a.Sub))]
		}
		set[a] = true
	}
	p := projection{only: set}
	switch d.random.IntN(3) {
	case 0:
		p = projection{without: set}
	case 1:
		p = projection{}
	}
	p.mask = newMask(d.rt, p)
	return p
}

// RFC 7644 §3.9: what is cut out of a text without decoding it is what decoding, leaving out and encoding leaves, for any
// resource and any choice of attributes.
func TestRFC7644_3_9_AProjectionCopiesWhatDecodingShows(t *testing.T) {
	t.Parallel()
	for _, rt := range resources.NewRegistry().Types() {
		t.Run(rt.Name, func(t *testing.T) {
			t.Parallel()
			d := &scribe{rand.New(rand.NewPCG(1, 2)), rt}
			for i := range 3000 {
				full, p := d.document(t), d.projection()
				want, err := decodeAndProject(rt, full, p)
				if err != nil {
					t.Fatal(err)
				}
				const before = "before"
				got, err := project([]byte(before), rt, full, p.mask)
				if err != nil || !bytes.HasPrefix(got, []byte(before)) {
					t.Fatalf("%d: %v of %s", i, err, full)
				}
				if diff := cmp.Diff(decoded(t, want), decoded(t, got[len(before):])); diff != "" {
					t.Fatalf("%d: %s shown as %v (-want +got):\n%s", i, full, p.mask, diff)
				}
			}
		})
	}
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// Whatever stands in the database, a projection of it is JSON or an error.
func FuzzProject(f *testing.F) {
	rt := resources.NewRegistry().Type(resources.TypeUser)
	for _, text := range []string{
		`{"id":"1","emails":[{"value":"a","type":"work"}],"name":{"givenName":"A\"}"}}`, `{"id":}`, `{"a" 1}`, `{"\u0069d":1,}`, `[]`, `{"x":"`, ``,
	} {
		f.Add([]byte(text))
	}
	p := projection{only: map[*resources.Attribute]bool{rt.Attribute("emails.type"): true, rt.Attribute("name"): true}}
	m := newMask(rt, p)
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := project(nil, rt, text, m)
		if !json.Valid(text) {
			return // stored resources are; nothing more than an end without a panic is asked
		}
		if err == nil && !json.Valid(got) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
