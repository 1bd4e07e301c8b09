package resources

import (
	"maps"
	"slices"
	"strings"

	"proprio/resources/filter"
)

// assign puts a whole resource, as a client sends it, into an empty draft (RFC 7644 §3.3, §3.5.1). Each key is
// a lenient add of that attribute, so that POST, PUT and a PATCH without path share one set of tolerated forms: names
// and URNs in any letter case, dotted keys, URN-prefixed keys, value paths as keys, extensions that `schemas` forgets.
func (d *draft) assign(in Input) error {
	if err := d.checkSchemas(in); err != nil {
		return err
	}
	var derived []string // keys that reach into an attribute, and so come after it
	seen := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(in)) {
		if twin, twice := seen[strings.ToLower(key)]; twice {
			return Errorf(ErrInvalidSyntax, key, "The attribute is there twice, as %q and as %q; send it once.", twin, key)
		}
		seen[strings.ToLower(key)] = key
		if strings.ContainsAny(key, ".[:") && d.rt.URN(key) == "" {
			derived = append(derived, key)
			continue
		}
		if err := d.assignKey(key, in[key]); err != nil {
			return err
		}
	}
	for _, key := range derived {
		if err := d.assignKey(key, in[key]); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) assignKey(key string, v any) error {
	if v == nil {
		return nil // Q05: an absent one
	}
	if urn := d.rt.URN(key); urn != "" {
		return d.assignSchema(urn, v)
	}
	path := filter.Path{AttributePath: filter.AttributePath{AttributeName: key}}
	if strings.ContainsAny(key, ".[:") {
		var err error
		if path, err = filter.ParsePath(key); err != nil {
			return d.ignore(key)
		}
	}
	return d.apply(Operation{Op: OpAdd, Path: path, Value: v, Lenient: true})
}

// assignSchema puts an object that is keyed by a schema's URN: an extension's attributes (RFC 7643 §3.3), or the core
// ones as WSO2 sends them.
func (d *draft) assignSchema(urn string, v any) error {
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	object, ok := v.(map[string]any)
	if !ok {
		if v == nil || v == "" {
			return nil
		}
		return Errorf(ErrInvalidValue, urn, "%s must be an object of attributes, not %s.", urn, describe(v))
	}
	d.named[urn] = true
	seen := map[*Attribute]string{}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		name, sub, dotted := strings.Cut(key, ".")
		if d.rt.lookup[strings.ToLower(urn+":"+key)] != nil { // an extension in an extension
			name, dotted = key, false
		}
		path := filter.AttributePath{URIPrefix: &urn, AttributeName: name}
		if dotted {
			path.SubAttribute = &sub
		}
		a, err := d.rt.Resolve(path)
		if err != nil {
			if d.drops(path) {
				continue
			}
			if err := d.ignore(urn + ":" + key); err != nil {
				return err
			}
			continue
		}
		if twin, twice := seen[a]; twice {
			return Errorf(ErrInvalidSyntax, a.String(), "The attribute is there twice, as %q and as %q; send it once.", twin, key)
		}
		seen[a] = key
		op := Operation{Op: OpAdd, Path: filter.Path{AttributePath: path}, Value: object[key], Lenient: true}
		if err := d.apply(op); err != nil {
			return err
		}
	}
	return nil
}

// checkSchemas looks at `schemas` with Q04's tolerance: it may be missing, lack an extension's URN or hold unknown ones, in
// any letter case. It must not tell that the resource is of another type.
func (d *draft) checkSchemas(in Input) error {
	var named []any
	for key, v := range in {
		if !strings.EqualFold(key, "schemas") {
			continue
		}
		switch v := v.(type) {
		case nil:
		case []any:
			named = v
		default:
			named = []any{v}
		}
	}
	if d.switches.RequireSchemas {
		if err := d.requireSchemas(in, named); err != nil {
			return err
		}
	}
	known := len(named) == 0
	for _, v := range named {
		urn, ok := v.(string)
		if !ok {
			return Errorf(ErrInvalidSyntax, "schemas", "schemas must be a list of URNs, but it holds %s.", describe(v))
		}
		switch {
		case d.rt.URN(urn) != "" || strings.EqualFold(urn, schemaSCIM1):
			known = true
		case d.switches.strict():
			return Errorf(ErrInvalidSyntax, "schemas", "%s has no schema %q.", d.rt.Name, shorten(urn))
		}
	}
	if !known {
		return Errorf(ErrInvalidSyntax, "schemas", "schemas must contain %s.", d.rt.Schema.ID)
	}
	return nil
}

// requireSchemas refuses a body that does not name its schemas, or not one that it holds attributes of (RFC 7643 §3).
func (d *draft) requireSchemas(in Input, named []any) error {
	names := func(urn string) bool {
		return slices.ContainsFunc(named, func(v any) bool {
			text, _ := v.(string)
			return strings.EqualFold(text, urn)
		})
	}
	if !names(d.rt.Schema.ID) {
		return Errorf(ErrInvalidSyntax, "schemas", "schemas must contain %s.", d.rt.Schema.ID)
	}
	for _, key := range sortedKeys(in) {
		if urn := d.rt.URN(key); urn != "" && !names(urn) {
			return Errorf(ErrInvalidSyntax, "schemas", "schemas must contain %s, of which there are attributes.", urn)
		}
	}
	return nil
}

// schemaSCIM1 is what SCIM 1.1 clients name, which else send the same attributes (OneLogin).
const schemaSCIM1 = "urn:scim:schemas:core:1.0"

// ignore notes an attribute that the schemas do not know (Q06), or refuses it.
func (d *draft) ignore(path string) error {
	if d.switches.strict() {
		return Errorf(ErrInvalidSyntax, path, "%s has no attribute %q.", d.rt.Name, shorten(path))
	}
	path = shorten(path)
	if !slices.Contains(d.ignored, path) && len(d.ignored) < maxIgnored {
		d.ignored = append(d.ignored, path)
	}
	return nil
}

// maxIgnored bounds what one request can make us report.
const maxIgnored = 100

// drops says whether an attribute is taken and thrown away without a trace: a password, which is nothing Proprio wants
// to hold, log or report (Q13, H8).
func (d *draft) drops(p filter.AttributePath) bool {
	return d.rt.Name == TypeUser && strings.EqualFold(p.AttributeName, "password") &&
		(p.URIPrefix == nil || strings.EqualFold(*p.URIPrefix, d.rt.Schema.ID))
}
