package resources

import (
	"bytes"
	"encoding/json"
)

// Reference is a place in a resource's Body that points to one other resource, such as the manager.
type Reference struct {
	ID  string // of the resource that is pointed to
	End int    // place of the brace that closes the reference
}

// References are the attributes of a type that point to one other resource: manager, sponsor. Only the id of what they
// point to is stored; where it is and what it is called is added when it is read.
func (rt *ResourceType) References() []*Attribute {
	var refs []*Attribute
	for _, a := range rt.all() {
		if a.refers() && !a.isOwn() {
			refs = append(refs, a)
		}
	}
	return refs
}

// FindReference finds the reference of an attribute in a Body; ok is false when there is none. Bodies are read by the
// thousand, so it looks for the key instead of decoding: no text in JSON can hold `"name":` itself, and what a reference
// holds is flat.
func FindReference(body []byte, name string) (r Reference, ok bool) {
	key := append(append([]byte{'"'}, name...), '"', ':')
	for from := 0; ; {
		i := bytes.Index(body[from:], key)
		if i < 0 {
			return Reference{}, false
		}
		from += i + len(key)
		rest := bytes.TrimLeft(body[from:], " ") // Postgres writes a blank
		if len(rest) == 0 || rest[0] != '{' {
			continue
		}
		start := len(body) - len(rest)
		if id, length := flatReference(rest); id != "" {
			return Reference{ID: id, End: start + length - 1}, true
		}
		d := json.NewDecoder(bytes.NewReader(rest))
		var object struct {
			Value string `json:"value"`
		}
		if d.Decode(&object) == nil && object.Value != "" {
			return Reference{ID: object.Value, End: start + int(d.InputOffset()) - 1}, true
		}
	}
}

// flatReference reads {"value":"…"} at the beginning of a text, which is all that a reference is stored as; id is "" when
// there is more to it.
func flatReference(text []byte) (id string, length int) {
	rest := text
	for _, part := range []string{"{", `"value"`, ":", `"`} {
		trimmed := bytes.TrimLeft(rest, " ")
		if !bytes.HasPrefix(trimmed, []byte(part)) {
			return "", 0
		}
		rest = trimmed[len(part):]
	}
	end := bytes.IndexAny(rest, `"\\`)
	if end < 0 || rest[end] != '"' || end+1 >= len(rest) || rest[end+1] != '}' {
		return "", 0
	}
	return string(rest[:end]), len(text) - len(rest) + end + 2
}

// FindReferencesTo calls found for each attribute of a Body that points to a resource, in their order. It looks for the
// id, which stands in a text more rarely than any name, and knows references only as they are stored.
func FindReferencesTo(body []byte, id string, found func(name []byte, r Reference)) {
	for from := 0; ; {
		i := bytes.Index(body[from:], []byte(id))
		if i < 0 {
			return
		}
		start, end := from+i, from+i+len(id)
		from = end
		if name := referenceName(body[:start]); name != nil && bytes.HasPrefix(body[end:], []byte(`"}`)) {
			found(name, Reference{ID: id, End: end + 1})
		}
	}
}

// referenceName reads `"name":{"value":"` from the end of a text; nil when there is something else.
func referenceName(text []byte) []byte {
	for _, part := range []string{`"`, ":", `"value"`, "{", ":", `"`} {
		var ok bool
		if text, ok = bytes.CutSuffix(text, []byte(part)); !ok {
			return nil
		}
		text = bytes.TrimRight(text, " ")
	}
	return text[bytes.LastIndexByte(text, '"')+1:]
}
