package resources

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// value brings a client's value of an attribute into the schema's form. It returns nil for what means no value: null, an
// empty array or object, and an empty string where text is not the type (Q05, Q40).
func (d *draft) value(a *Attribute, v any) (any, error) {
	if a.Multi {
		values, err := d.list(a, v)
		if len(values) == 0 {
			return nil, err
		}
		return values, err
	}
	if list, ok := v.([]any); ok {
		switch len(list) {
		case 0:
			return nil, nil
		case 1:
			v = list[0]
		default:
			return nil, Errorf(ErrInvalidValue, a.String(), "%s takes one value, not %d.", a, len(list))
		}
	}
	return d.single(a, v)
}

// list brings the values of a multi-valued attribute into form: pairs of one type and value collapse, and at most one
// is primary (RFC 7643 §2.4; Q11).
func (d *draft) list(a *Attribute, v any) ([]any, error) {
	raw, ok := v.([]any)
	if !ok && v != nil && v != "" {
		raw = []any{v}
	}
	if most := a.mostValues(); len(raw) > most {
		return nil, Errorf(ErrInvalidValue, a.String(), "%s takes at most %d values, not %d.", a, most, len(raw))
	}
	if err := d.work.spend(a.String(), len(raw), a.holding()); err != nil {
		return nil, err
	}
	var elements []element
	for _, r := range raw {
		e, err := d.single(a, r)
		if err != nil {
			return nil, err
		}
		if e != nil {
			elements = append(elements, element{e, true})
		}
	}
	if d.switches.SinglePrimary && len(primaries(elements)) > 1 {
		return nil, Errorf(ErrInvalidValue, a.String(), "%s has more than one primary value; send one.", a)
	}
	return gather(a, elements), nil
}

// single brings one value into form.
func (d *draft) single(a *Attribute, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if a.Kind != KindComplex {
		return d.simple(a, v)
	}
	object := map[string]any{}
	if err := d.merge(a, object, v); err != nil {
		return nil, err
	}
	return settle(a, object), nil
}

// merge writes the sub-attributes that a client names into the object of a complex attribute: those it leaves out stay
// (RFC 7644 §3.5.2.3; Q38), a null takes one away, read-only ones are ignored. A bare string is the `value` (Q36); so is
// the id in the `$ref` of a reference that names no value.
func (d *draft) merge(a *Attribute, object map[string]any, v any) error {
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	if text, ok := v.(string); ok && a.SubAttribute("value") != nil {
		v = map[string]any{"value": text}
	}
	named, ok := v.(map[string]any)
	if !ok {
		if v == "" {
			return nil
		}
		return Errorf(ErrInvalidValue, a.String(), "%s must be an object, not %s.", a, describe(v))
	}
	if d.switches.DecodeRoles && a.isRoles() {
		named = decodeRole(named)
	}
	var address any // $ref of a reference
	seen := map[*Attribute]string{}
	for _, key := range sortedKeys(named) {
		sub := d.accepts(a, key)
		if sub == nil && named[key] == nil {
			continue // nothing of something unknown, as in Entra's "$ref": null
		}
		if sub == nil {
			if err := d.ignore(a.String() + "." + key); err != nil {
				return err
			}
			continue
		}
		if twin, twice := seen[sub]; twice {
			if strings.EqualFold(twin, key) {
				return Errorf(ErrInvalidSyntax, sub.String(), "The attribute is there twice, as %q and as %q; send it once.", twin, key)
			}
			if !strings.EqualFold(key, sub.Name) {
				continue // the proper name beats an alias
			}
		}
		seen[sub] = key
		if sub.Name == "$ref" && a.refers() {
			address = named[key]
			continue
		}
		if sub.Mutability == "readOnly" {
			continue
		}
		value, err := d.value(sub, named[key])
		if err != nil {
			return err
		}
		if err := put(sub, object, value); err != nil {
			return err
		}
	}
	if address != nil && seen[a.SubAttribute("value")] == "" {
		return d.mergeAddress(a, object, address)
	}
	return nil
}

// put writes one sub-attribute; nil takes it away. An immutable one cannot be changed once it is there.
func put(sub *Attribute, object map[string]any, value any) error {
	if have, ok := object[sub.Name]; ok && sub.Mutability == "immutable" && !equal(have, value) {
		return Errorf(ErrMutability, sub.String(), "%s cannot be changed; remove the value and add another.", sub)
	}
	if value == nil {
		delete(object, sub.Name)
		return nil
	}
	object[sub.Name] = value
	return nil
}

// accepts finds a sub-attribute by its name, or by a name that clients use for it: `displayName` for display
// (protocol.md section 3, row 11), `managerId` for manager.value (Q36). Under the interoperability profile names are
// those of the schema.
func (d *draft) accepts(a *Attribute, key string) *Attribute {
	if sub := a.SubAttribute(key); sub != nil || d.switches.Profile() {
		return sub
	}
	switch {
	case strings.EqualFold(key, "displayName"):
		return a.SubAttribute("display")
	case strings.EqualFold(key, a.Name+"Id"):
		return a.SubAttribute("value")
	}
	return nil
}

// simple brings a value that is not complex into form, with what the connection's switches ask beyond the schema.
func (d *draft) simple(a *Attribute, v any) (any, error) {
	if _, isText := v.(string); isText && a.Kind == KindBoolean && d.switches.StrictBooleans {
		return nil, Errorf(ErrInvalidValue, a.String(), "%s takes true or false without quotation marks.", a)
	}
	value, err := simple(a, v)
	if err == nil && d.switches.StrictCountry && a.isCountry() {
		return strictCountry(a, value)
	}
	return value, err
}

// simple brings a value that is not complex into form. Text stays as it is (Q14) and is never made of another type.
func simple(a *Attribute, v any) (any, error) {
	s, isText := v.(string)
	switch a.Kind {
	case KindBoolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		if truth, ok := truthOf(s); isText && ok { // Q10
			return truth, nil
		}
	case KindInteger:
		if n, ok := integer(v); ok {
			return n, nil
		}
	case KindDecimal:
		if n, ok := decimal(v); ok {
			return n, nil
		}
	case KindString:
		if isText {
			return canonical(a, s), nil
		}
	default: // dateTime, binary, reference: text with a syntax, which validate checks
		if isText && s == "" {
			return nil, nil
		}
		if isText {
			return s, nil
		}
	}
	return nil, Errorf(ErrInvalidValue, a.String(), "%s takes %s, not %s.", a, example(a.Kind), a.echo(v))
}

// canonical spells a value of a closed set as the schema does.
func canonical(a *Attribute, s string) string {
	if a.closed() {
		for _, c := range a.Canonical {
			if strings.EqualFold(c, s) {
				return c
			}
		}
	}
	return s
}

// integer reads a whole number; 3.0 and 3e2 are whole too (RFC 7643 §2.3.4 asks for no fraction, not for a spelling).
func integer(v any) (json.Number, bool) {
	switch n := v.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
			return json.Number(strconv.FormatInt(i, 10)), true
		}
		f, err := n.Float64()
		return whole(f), err == nil && whole(f) != ""
	case float64:
		return whole(n), whole(n) != ""
	case int:
		return json.Number(strconv.Itoa(n)), true
	case int64:
		return json.Number(strconv.FormatInt(n, 10)), true
	}
	return "", false
}

// whole writes a float that is a whole number and exact; "" when it is not.
func whole(f float64) json.Number {
	const exact = 1 << 53
	if f != math.Trunc(f) || math.Abs(f) > exact {
		return ""
	}
	return json.Number(strconv.FormatInt(int64(f), 10))
}

func decimal(v any) (json.Number, bool) {
	f, ok := v.(float64)
	if n, isNumber := v.(json.Number); isNumber {
		var err error
		f, err = n.Float64()
		ok = err == nil
	}
	if !ok || math.IsInf(f, 0) || math.IsNaN(f) {
		return "", false
	}
	return json.Number(strconv.FormatFloat(f, 'f', -1, 64)), true
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
