package push

import (
	"maps"
	"slices"
	"strings"

	"proprio/push/profiles"
	"proprio/scim/client"
)

// difference is the least PATCH that turns what was written into what is wanted, in a fixed order (RFC 7644 §3.5.2).
// written is nil when nothing is known of what the app holds.
func difference(p profiles.Profile, written, want fields) []client.Operation {
	ops := attributeOperations("", written, want)
	if p.PatchForm == "object" {
		return asObject(ops, want)
	}
	return patchable(ops, p.Users.Unpatched)
}

// patchable leaves out what the product does not change by PATCH.
func patchable(ops []client.Operation, never []string) []client.Operation {
	out := ops[:0]
	for _, op := range ops {
		if slices.Contains(never, op.Path) {
			continue
		}
		if whole, ok := op.Value.(fields); ok {
			left := maps.Clone(whole)
			maps.DeleteFunc(left, func(sub string, _ any) bool { return slices.Contains(never, op.Path+"."+sub) })
			if len(left) == 0 && len(whole) > 0 {
				continue
			}
			op.Value = left
		}
		out = append(out, op)
	}
	return out
}

// attributeOperations compares the attributes below a prefix: "" for the core ones, "urn:…:" for an extension's.
func attributeOperations(prefix string, written, want fields) []client.Operation {
	var ops []client.Operation
	for _, key := range keys(written, want) {
		before, had := written[key]
		after, has := want[key]
		switch {
		case key == "schemas" || had && has && same(before, after):
		case strings.HasPrefix(key, "urn:"):
			b, _ := before.(fields)
			a, _ := after.(fields)
			ops = append(ops, attributeOperations(key+":", b, a)...)
		case !has, after == nil:
			ops = append(ops, client.Operation{Op: "remove", Path: prefix + key})
		default:
			ops = append(ops, valueOperations(prefix+key, before, after, had || written == nil)...)
		}
	}
	return ops
}

// valueOperations sets one attribute. A singular complex attribute that was there before is changed by its
// sub-attributes: a replace of the whole would leave those that are gone (RFC 7644 §3.5.2.3).
func valueOperations(path string, before, after any, replace bool) []client.Operation {
	b, wasComplex := before.(fields)
	a, isComplex := after.(fields)
	if !wasComplex || !isComplex {
		op := "add"
		if replace {
			op = "replace"
		}
		return []client.Operation{{Op: op, Path: path, Value: after}}
	}
	var ops []client.Operation
	for _, key := range keys(b, a) {
		old, had := b[key]
		value, has := a[key]
		switch {
		case had && has && same(old, value):
		case !has, value == nil:
			ops = append(ops, client.Operation{Op: "remove", Path: path + "." + key})
		case had:
			ops = append(ops, client.Operation{Op: "replace", Path: path + "." + key, Value: value})
		default:
			ops = append(ops, client.Operation{Op: "add", Path: path + "." + key, Value: value})
		}
	}
	return ops
}

// asObject puts all settings into one operation without path; what goes away still needs a path of its own.
func asObject(ops []client.Operation, want fields) []client.Operation {
	value := fields{}
	var out []client.Operation
	for _, op := range ops {
		if op.Op == "remove" {
			out = append(out, op)
			continue
		}
		if urn, name, ok := extensionPath(op.Path); ok {
			name, _, _ = strings.Cut(name, ".")
			ext, _ := value[urn].(fields)
			if ext == nil {
				ext = fields{}
				value[urn] = ext
			}
			whole, _ := want[urn].(fields)
			ext[name] = whole[name]
			continue
		}
		name, _, _ := strings.Cut(op.Path, ".")
		value[name] = want[name]
	}
	if len(value) > 0 {
		out = append(out, client.Operation{Op: "replace", Value: value})
	}
	return out
}

// extensionPath divides urn:…:User:attribute.sub into the URN and the rest. The URN holds a dot ("2.0"), so the last
// colon divides.
func extensionPath(path string) (urn, rest string, ok bool) {
	if !strings.HasPrefix(path, "urn:") {
		return "", "", false
	}
	i := strings.LastIndexByte(path, ':')
	return path[:i], path[i+1:], true
}

// touched names the attributes that operations change, for the record.
func touched(ops []client.Operation) []string {
	var names []string
	for _, op := range ops {
		switch value := op.Value.(type) {
		case fields:
			if op.Path == "" {
				names = append(names, slices.Collect(maps.Keys(value))...)
				continue
			}
		}
		names = append(names, op.Path)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// keys are the keys of both objects, sorted.
func keys(a, b fields) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}
