package scim

import (
	"fmt"
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
}

// decodePatch turns a PATCH body, in any dialect, into operations that all have a path: keys and operations in any
// letter case (Q01), `schemas` missing (Q04), objects without path flattened (Q30), whole extensions taken apart. What
// the operations do to a resource is the directory's business.
func decodePatch(rt *resources.ResourceType, body map[string]any, o patchOptions) ([]resources.Operation, error) {
	envelope, err := foldKeys(body, "schemas", "operations")
	if err != nil {
		return nil, err
	}
	if err := checkPatchSchemas(envelope["schemas"]); err != nil {
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

// checkPatchSchemas takes PatchOp among the schemas, or no schemas at all.
func checkPatchSchemas(value any) error {
	if value == nil {
		return nil
	}
	list, ok := value.([]any)
	if ok && slices.ContainsFunc(list, func(v any) bool {
		urn, _ := v.(string)
		return strings.EqualFold(urn, schemaPatchOp)
	}) {
		return nil
	}
	return resources.Errorf(resources.ErrInvalidSyntax, "schemas", "The schemas of a PATCH are [%q].", schemaPatchOp)
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
	if !ok && fields["path"] != nil {
		return nil, resources.Errorf(resources.ErrInvalidPath, "path", "The path is not a text.")
	}
	p := patch{rt: rt, op: op, options: o}
	switch {
	case path != "":
		return p.at(path, value)
	case op == resources.OpRemove:
		return nil, resources.Errorf(resources.ErrNoTarget, "path", "A remove needs a path (RFC 7644 §3.5.2.2).")
	}
	p.lenient = true
	return p.object(value)
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
	e, ok := err.(*resources.Error)
	if !ok {
		return fmt.Errorf("operation %d: %w", i+1, err)
	}
	at := *e
	at.Path = strings.TrimSuffix(fmt.Sprintf("Operations[%d].%s", i, e.Path), ".")
	return &at
}

// parsePath parses a path, or a key that stands for one.
func (p patch) parsePath(text string) (filter.Path, error) {
	path, err := filter.Options{Unquoted: p.options.unquoted}.ParsePath(strings.TrimSuffix(strings.TrimSpace(text), ":"))
	if err != nil {
		return path, resources.Errorf(resources.ErrInvalidPath, "path", "%q is not a path: %v.", clip(text), err)
	}
	return path, nil
}
