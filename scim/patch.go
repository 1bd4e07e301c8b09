package scim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"proprio/resources"
	"proprio/resources/filter"
)

// schemaPatchOp marks a PATCH body (RFC 7644 §3.5.2).
const schemaPatchOp = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// patchOptions are what a PATCH body may be.
type patchOptions struct {
	operations int  // how many operations at most
	unquoted   bool // values without quotes in the filter of a path (Q20)
	schemas    bool // schemas must be there (Q04)
	paths      bool // each operation must have a path (interoperability profile)
}

// patchOptionsOf are those of a connection.
func patchOptionsOf(s resources.Switches) patchOptions {
	return patchOptions{operations: s.Operations(), unquoted: s.UnquotedValues, schemas: s.RequireSchemas, paths: s.Profile()}
}

// decodePatch turns a PATCH body, in any dialect, into operations that all have a path: keys and operations in any
// letter case (Q01), `schemas` missing (Q04), objects without path flattened (Q30). What the operations do to a
// resource is the directory's business.
func decodePatch(rt *resources.ResourceType, body map[string]any, o patchOptions) ([]resources.Operation, error) {
	envelope, err := foldKeys(body, "schemas", "operations")
	if err != nil {
		return nil, err
	}
	if envelope["schemas"] == nil && o.schemas {
		envelope["schemas"] = []any{}
	}
	if err := checkMessage(envelope["schemas"], schemaPatchOp); err != nil {
		return nil, err
	}
	list, ok := envelope["operations"].([]any)
	if !ok || len(list) == 0 {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "Operations", "A PATCH needs a list of at least one operation.")
	}
	if len(list) > o.operations {
		return nil, resources.Errorf(resources.ErrTooLarge, "Operations",
			"There are %d operations; the limit is %d. Send the change in several requests.", len(list), o.operations)
	}
	var ops []resources.Operation
	for i, item := range list {
		some, err := decodeOperation(rt, item, o)
		if err != nil {
			return nil, inOperation(i, err)
		}
		ops = append(ops, some...)
	}
	return ops, nil
}

// checkMessage takes a message's URN among the schemas, or no schemas at all.
func checkMessage(value any, urn string) error {
	if value == nil {
		return nil
	}
	list, ok := value.([]any)
	if ok && slices.ContainsFunc(list, func(v any) bool {
		text, _ := v.(string)
		return strings.EqualFold(text, urn)
	}) {
		return nil
	}
	return resources.Errorf(resources.ErrInvalidSyntax, "schemas", "The schemas of this request are [%q].", urn)
}

// decodeOperation decodes one operation. It gives several where the value is an object whose keys are paths, and none
// where that object is empty.
func decodeOperation(rt *resources.ResourceType, item any, o patchOptions) ([]resources.Operation, error) {
	object, ok := item.(map[string]any)
	if !ok {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "", "An operation is an object with op, path and value.")
	}
	fields, err := foldKeys(object, "op", "path", "value")
	if err != nil {
		return nil, err
	}
	op, err := decodeOp(fields["op"])
	if err != nil {
		return nil, err
	}
	value, given := fields["value"]
	if !given && op != resources.OpRemove {
		return nil, resources.Errorf(resources.ErrInvalidValue, "value", "The operation %s needs a value.", op)
	}
	path, ok := fields["path"].(string)
	switch {
	case !ok && fields["path"] != nil:
		return nil, resources.Errorf(resources.ErrInvalidPath, "path", "The path is not a text.")
	case path != "":
		parsed, err := parsePath(path, o)
		return []resources.Operation{{Op: op, Path: parsed, Value: unwrap(rt, parsed, value)}}, err
	case o.paths:
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "path",
			"An operation needs a path: this connection is held to the interoperability profile.")
	case op == resources.OpRemove:
		return nil, resources.Errorf(resources.ErrNoTarget, "path", "A remove needs a path (RFC 7644 §3.5.2.2).")
	}
	return flatten(rt, op, value, o)
}

// flatten makes one operation per key of an object without path. A key is an attribute (an object under it stays
// whole), a dotted name, a URN with or without an attribute, or a value path (Q30). Keys are taken in sorted order, so
// that one body always means the same.
func flatten(rt *resources.ResourceType, op resources.Op, value any, o patchOptions) ([]resources.Operation, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, resources.Errorf(resources.ErrInvalidValue, "value", "Without a path the value is an object of attributes.")
	}
	var ops []resources.Operation
	for _, key := range slices.Sorted(maps.Keys(object)) {
		path, err := parsePath(key, o)
		if err != nil && (key == "" || strings.ContainsAny(key, `[]"`)) {
			return nil, err
		}
		if err != nil { // no value path, so the name of an attribute, which the schemas cannot know: ignored, as in POST (Q06)
			path = filter.Path{AttributePath: filter.AttributePath{AttributeName: key}}
		}
		ops = append(ops, resources.Operation{Op: op, Path: path, Value: unwrap(rt, path, object[key]), Lenient: true})
	}
	return ops, nil
}

// unwrap takes the value of {"path": "members", "value": {"members": […]}} out of the object that repeats the
// attribute's name (Q32; Salesforce).
func unwrap(rt *resources.ResourceType, path filter.Path, value any) any {
	object, ok := value.(map[string]any)
	if !ok || len(object) != 1 || path.ValueExpression != nil || path.AttributePath.SubAttribute != nil {
		return value
	}
	a, err := rt.Resolve(path.AttributePath)
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

func decodeOp(value any) (resources.Op, error) {
	text, _ := value.(string)
	switch op := resources.Op(strings.ToLower(text)); op {
	case resources.OpAdd, resources.OpRemove, resources.OpReplace:
		return op, nil
	}
	return "", resources.Errorf(resources.ErrInvalidSyntax, "op", "%s is not an operation; add, remove and replace are.", quote(value))
}

func quote(value any) string {
	if text, ok := value.(string); ok {
		return fmt.Sprintf("%q", clip(text))
	}
	return "the value of op"
}

// foldKeys returns the members of an object that have one of the names (in lower case) in any letter case; others are
// left out.
func foldKeys(object map[string]any, names ...string) (map[string]any, error) {
	folded := map[string]any{}
	for key, value := range object {
		name := strings.ToLower(key)
		if !slices.Contains(names, name) {
			continue
		}
		if _, twice := folded[name]; twice {
			return nil, resources.Errorf(resources.ErrInvalidSyntax, key, "The key is given twice, in two spellings.")
		}
		folded[name] = value
	}
	return folded, nil
}

// inOperation says in which operation an error lies, where there may be several.
func inOperation(i int, err error) error {
	e := new(resources.Error)
	if !errors.As(err, &e) {
		return fmt.Errorf("operation %d: %w", i+1, err)
	}
	at := *e
	at.Path = strings.TrimSuffix(fmt.Sprintf("Operations[%d].%s", i, e.Path), ".")
	return &at
}

// parsePath parses a path, or a key that stands for one.
func parsePath(text string, o patchOptions) (filter.Path, error) {
	path, err := filter.Options{Unquoted: o.unquoted}.ParsePath(strings.TrimSuffix(strings.TrimSpace(text), ":"))
	if err != nil {
		return path, resources.Errorf(resources.ErrInvalidPath, "path", "%q is not a path: %v.", clip(text), err)
	}
	return path, nil
}
