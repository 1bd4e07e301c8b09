package scim

import (
	"bytes"
	"encoding/json"
	"fmt"

	"proprio/resources"
)

// referTo completes the references in a rendered resource that attributes of a company's own hold: each gets the URI of
// the resource that its value names, where the schema leaves no doubt of that one's type.
func (d renderer) referTo(rendered []byte) ([]byte, error) {
	if len(d.own) == 0 {
		return rendered, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(rendered))
	decoder.UseNumber()
	var top object
	if err := decoder.Decode(&top); err != nil {
		return nil, fmt.Errorf("complete references of %s: %w", d.rt.Name, err)
	}
	for _, a := range d.own {
		holder := top
		if a.Extension() {
			holder, _ = top[a.Schema].(object)
		}
		values, several := holder[a.Name].([]any)
		if !several {
			values = []any{holder[a.Name]}
		}
		for _, v := range values {
			value, _ := v.(object)
			if id, ok := value["value"].(string); ok {
				value["$ref"] = d.reference(a.SubAttribute("$ref").References[0], id)
			}
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(top); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// ownReferences are the attributes whose references the renderer completes.
func ownReferences(registry *resources.Registry, rt *resources.ResourceType) []*resources.Attribute {
	var own []*resources.Attribute
	for _, a := range rt.OwnReferences() {
		reference := a.SubAttribute("$ref")
		types, others := reference.Refers()
		if reference.Mutability == "readOnly" && !others && len(types) == 1 && registry.Type(types[0]) != nil {
			own = append(own, a)
		}
	}
	return own
}
