package scim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"proprio/resources"
)

// contentType is that of every response with a body (RFC 7644 §3.1, §8.1).
const contentType = "application/scim+json;charset=utf-8"

// write sends a whole response; every body of this package passes here or in writeAs.
func write(w http.ResponseWriter, status int, body []byte) { writeAs(w, status, contentType, body) }

// writeAs sends a whole response of another type than SCIM's.
func writeAs(w http.ResponseWriter, status int, contentType string, body []byte) {
	setHeaders(w.Header(), "Content-Type", contentType, "Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone cannot be told
}

// setHeaders sets headers, given as canonical name and value in turn. Their values share one allocation.
func setHeaders(h http.Header, pairs ...string) {
	values := make([]string, len(pairs)/2)
	for i := range values {
		values[i] = pairs[2*i+1]
		h[pairs[2*i]] = values[i : i+1 : i+1]
	}
}

// writeObject sends a small document.
func writeObject(w http.ResponseWriter, o object) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	write(w, http.StatusOK, body)
	return nil
}

// renderer writes stored resources of one type as a client sees them. The stored body is spliced in as it is; it is
// decoded only when a part of it must be left out.
type renderer struct {
	rt         *resources.ResourceType
	types      *resources.Registry
	base       string                 // public URL with base path
	uris       map[string][]byte      // by type, how the URI of a resource begins, as a JSON string
	references []*resources.Attribute // that point to one other resource: manager, sponsor
	own        []*resources.Attribute // of a company's own schemas, that point to others
	always     bool                   // the type has attributes that are returned only on request, or never
	shown      mask                   // of a resource, by default
}

func newRenderer(s *site, rt *resources.ResourceType) renderer {
	d := renderer{rt: rt, types: s.registry, base: s.PublicURL + BasePath, uris: map[string][]byte{}, always: hasHidden(rt), shown: newMask(rt, projection{}),
		references: rt.References(), own: ownReferences(s.registry, rt)}
	for _, other := range append(slices.Clone(s.registry.Types()), rt) {
		uri := appendText(nil, d.base+other.Endpoint+"/")
		d.uris[other.Name] = uri[:len(uri)-1]
	}
	return d
}

func (d renderer) location(id string) string { return d.base + d.rt.Endpoint + "/" + id }

// reference is where another resource is found.
func (d renderer) reference(typ, id string) string {
	return d.base + d.types.Type(typ).Endpoint + "/" + id
}

// resource renders one resource.
func (d renderer) resource(res *resources.Resource, p projection) ([]byte, error) {
	return d.append(make([]byte, 0, renderedSize(res)), res, p)
}

// renderedSize is about how many bytes a resource takes, and rarely too few.
func renderedSize(res *resources.Resource) int {
	return len(res.Body) + 400 + 200*(len(res.Members)+len(res.Groups)+len(res.Names))
}

// append renders one resource behind what is written already.
func (d renderer) append(out []byte, res *resources.Resource, p projection) ([]byte, error) {
	body := res.Body
	if len(body) < 2 || body[0] != '{' || body[len(body)-1] != '}' {
		return nil, fmt.Errorf("render %s %s: stored body is not a JSON object", res.Type, res.ID)
	}
	start := len(out)
	out = append(out, `{"id":`...)
	out = appendText(out, res.ID)
	if res.ExternalID != "" {
		out = append(out, `,"externalId":`...)
		out = appendText(out, res.ExternalID)
	}
	if len(body) > 2 {
		out = d.appendBody(append(out, ','), body, res.Names)
	}
	if d.rt.Name == resources.TypeMembership {
		out = d.appendReference(append(out, `,"group":`...), res.Groups[0])
		out = d.appendMember(append(out, `},"member":`...), res.Members[0])
	} else {
		out = d.appendGroups(out, res.Groups)
		out = d.appendMembers(out, res.Members)
	}
	if d.rt.GrantedAs() != "" && p.names(d.rt.Attribute(resources.AttributeUsed)) {
		out = append(out, `,"`+resources.AttributeUsed+`":`...)
		out = strconv.AppendInt(out, int64(res.Used), 10)
	}
	out = d.appendMeta(out, res)
	out = append(out, '}')
	shown := d.maskOf(p)
	if shown == nil {
		return out, nil
	}
	whole, err := d.referTo(out[start:])
	if err != nil {
		return nil, err
	}
	end := len(out)
	if out, err = project(out, d.rt, whole, shown); err != nil {
		return nil, err
	}
	return append(out[:start], out[end:]...), nil
}

// maskOf is what a projection shows of a resource as it is rendered at first; nil: all of it.
func (d renderer) maskOf(p projection) mask {
	switch {
	case !p.everything():
		return p.mask
	case d.always || len(d.own) > 0:
		return d.shown
	}
	return nil
}

// appendMasked writes what is shown of a member; kept says whether that is anything.
func (d renderer) appendMasked(out []byte, m resources.Member, shown mask) (_ []byte, kept bool, err error) {
	start := len(out)
	out = d.appendMember(out, m)
	if shown == nil {
		return out, true, nil
	}
	c := copier{in: out[start:], out: out}
	if kept, err = c.object(shown, false); err != nil {
		return nil, false, err
	}
	return append(out[:start], c.out[len(out):]...), kept, nil
}

// appendGroups writes a User's direct groups (RFC 7643 §4.1.2).
func (d renderer) appendGroups(out []byte, groups []resources.Ref) []byte {
	for i, g := range groups {
		out = append(out, opening(i, `,"groups":[`)...)
		out = append(d.appendReference(out, g), `,"type":"direct"}`...)
	}
	return closing(out, len(groups))
}

// appendReference writes what leads to a resource, and leaves the object open.
func (d renderer) appendReference(out []byte, r resources.Ref) []byte {
	out = append(out, `{"value":`...)
	out = appendText(out, r.ID)
	out = append(out, `,"$ref":`...)
	out = d.appendURI(out, r.Type, r.ID)
	return appendDisplay(out, r.Display)
}

// appendMembers writes a Group's members (RFC 7643 §4.2).
func (d renderer) appendMembers(out []byte, members []resources.Member) []byte {
	for i, m := range members {
		out = d.appendMember(append(out, opening(i, `,"members":[`)...), m)
	}
	return closing(out, len(members))
}

func (d renderer) appendMember(out []byte, m resources.Member) []byte {
	out = d.appendReference(out, resources.Ref{Type: m.Type, ID: m.ID, Display: m.Display})
	out = append(out, `,"type":`...)
	return append(appendText(out, m.Type), '}')
}

func opening(i int, first string) string {
	if i == 0 {
		return first
	}
	return ","
}

func closing(out []byte, n int) []byte {
	if n == 0 {
		return out
	}
	return append(out, ']')
}

func appendDisplay(out []byte, display string) []byte {
	if display == "" {
		return out
	}
	return appendText(append(out, `,"display":`...), display)
}

// appendMeta writes RFC 7643 §3.1.
func (d renderer) appendMeta(out []byte, res *resources.Resource) []byte {
	out = append(out, `,"meta":{"resourceType":`...)
	out = appendText(out, res.Type)
	out = append(out, `,"created":`...)
	out = appendTime(out, res.Created)
	out = append(out, `,"lastModified":`...)
	out = appendTime(out, res.LastModified)
	out = append(out, `,"location":`...)
	out = d.appendURI(out, d.rt.Name, res.ID)
	out = append(out, `,"version":"W/\"`...)
	return append(strconv.AppendInt(out, res.Version, 10), `\""}`...)
}

// appendURI writes where a resource is found.
func (d renderer) appendURI(out []byte, typ, id string) []byte {
	return append(appendEscaped(append(out, d.uris[typ]...), id), '"')
}

// appendTime writes a time to the microsecond, which is how fine the store keeps it.
func appendTime(out []byte, t time.Time) []byte {
	t = t.UTC()
	out = t.AppendFormat(append(out, '"'), time.RFC3339) // the one layout that is fast
	micros := strconv.AppendInt(out[:len(out)-1], 1_000_000+int64(t.Nanosecond()/1000), 10)
	micros[len(out)-1] = '.'
	return append(micros, `Z"`...)
}

// appendText writes a JSON string.
func appendText(out []byte, s string) []byte {
	return append(appendEscaped(append(out, '"'), s), '"')
}

// appendEscaped writes what stands between the quotes of a JSON string. Text that needs no escape, as most does, is
// copied.
func appendEscaped(out []byte, s string) []byte {
	all := byte(0)
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return append(out, quoted(s)...)
		}
		all |= c
	}
	if all >= utf8.RuneSelf && !utf8.ValidString(s) {
		return append(out, quoted(s)...)
	}
	return append(out, s...)
}

func quoted(s string) []byte {
	text, err := json.Marshal(s)
	if err != nil { // never: any string can be marshalled
		return nil
	}
	return text[1 : len(text)-1]
}
