package scim

import (
	"maps"
	"slices"
	"strings"

	"proprio/resources"
	"proprio/resources/filter"
)

// patch is one operation of a PATCH body while it is taken apart.
type patch struct {
	rt      *resources.ResourceType
	op      resources.Op
	lenient bool // the paths are keys of an object without path
	options patchOptions
}

// at makes the operations of a value at a path. A path that names a schema as a whole stands for all of its attributes.
func (p patch) at(text string, value any) ([]resources.Operation, error) {
	path, err := p.parsePath(text)
	if err != nil {
		return nil, err
	}
	switch urn := p.rt.URN(filter.URN(path)); {
	case urn == "":
		return p.one(path, p.unwrap(path, value)), nil
	case urn == p.rt.Schema.ID && p.op != resources.OpRemove:
		return p.object(value)
	case urn == p.rt.Schema.ID:
		return nil, resources.Errorf(resources.ErrMutability, "path", "The core schema cannot be removed.")
	default:
		return p.extension(urn, value)
	}
}

func (p patch) one(path filter.Path, value any) []resources.Operation {
	return []resources.Operation{{Op: p.op, Path: path, Value: value, Lenient: p.lenient}}
}

// object makes the operations of an object whose keys are paths: attributes (their objects stay whole), dotted keys,
// URNs with an attribute, extensions, value paths (Q30). Keys are taken in sorted order, so that one body always means
// the same.
func (p patch) object(value any) ([]resources.Operation, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, resources.Errorf(resources.ErrInvalidValue, "value", "Without a path the value is an object of attributes.")
	}
	var ops []resources.Operation
	for _, key := range slices.Sorted(maps.Keys(object)) {
		// `schemas` follows from the attributes that are there; a client that sends a whole resource (Authentik) repeats it.
		if strings.EqualFold(key, "schemas") {
			continue
		}
		some, err := p.at(key, object[key])
		if err != nil {
			return nil, err
		}
		ops = append(ops, some...)
	}
	return ops, nil
}

// extension makes the operations of a whole extension: one per key of the object; for a remove, or a replace with
// nothing, one remove per attribute.
func (p patch) extension(urn string, value any) ([]resources.Operation, error) {
	object, ok := value.(map[string]any)
	switch {
	case p.op == resources.OpRemove, p.op == resources.OpReplace && value == nil:
		p.op, p.lenient = resources.OpRemove, true
		var ops []resources.Operation
		for _, a := range p.rt.Extension(urn) {
			ops = append(ops, p.one(attributePath(urn, a.Name), nil)...)
		}
		return ops, nil
	case value == nil:
		return nil, nil
	case !ok:
		return nil, resources.Errorf(resources.ErrInvalidValue, urn, "The value of an extension is an object of its attributes.")
	}
	var ops []resources.Operation
	for _, key := range slices.Sorted(maps.Keys(object)) {
		text := key
		if !hasURN(key, urn) {
			text = urn + ":" + key
		}
		path, err := p.parsePath(text)
		if err != nil {
			return nil, err
		}
		ops = append(ops, p.one(path, object[key])...)
	}
	return ops, nil
}

// unwrap takes the value of {"path": "members", "value": {"members": […]}} out of the object that repeats the
// attribute's name (Q32; Salesforce).
func (p patch) unwrap(path filter.Path, value any) any {
	object, ok := value.(map[string]any)
	if !ok || len(object) != 1 || path.ValueExpression != nil || path.AttributePath.SubAttribute != nil {
		return value
	}
	a, err := p.rt.Resolve(path.AttributePath)
	if err != nil || !a.Multi {
		return value
	}
	for key, inner := range object {
		if strings.EqualFold(key, a.Name) && a.SubAttribute(key) == nil {
			return inner
		}
	}
	return value
}

func attributePath(urn, name string) filter.Path {
	return filter.Path{AttributePath: filter.AttributePath{URIPrefix: &urn, AttributeName: name}}
}

func hasURN(key, urn string) bool {
	return len(key) > len(urn) && strings.EqualFold(key[:len(urn)], urn) && (key[len(urn)] == ':' || key[len(urn)] == '.')
}
