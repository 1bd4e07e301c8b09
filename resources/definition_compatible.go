package resources

import (
	"fmt"
	"slices"
	"strings"
)

// Compatible says whether resources that satisfy one definition satisfy another, and are stored as it wants them: it may
// add what is optional, and ask less. old is nil where resources know nothing of the new one, an extension. The error
// names the place in the new definition.
func Compatible(old, new *Definition) error {
	if old == nil {
		old = &Definition{ResourceType: new.ResourceType}
		old.ResourceType.Extensions = nil
	}
	was, is := old.ResourceType, new.ResourceType
	switch {
	case was.Endpoint != is.Endpoint:
		return incompatible("resourceType.endpoint", "it would move from %s to %s", was.Endpoint, is.Endpoint)
	case was.Schema != is.Schema:
		return incompatible("resourceType.schema", "it would change from %s to %s", was.Schema, is.Schema)
	}
	if err := compatibleExtensions(was, is); err != nil {
		return err
	}
	for _, before := range old.Schemas {
		after := new.schema(before.ID)
		i := slices.IndexFunc(new.Schemas, func(s SchemaDocument) bool { return s.ID == before.ID })
		if err := compatibleAttributes(fmt.Sprintf("schemas[%d].attributes", i), before.Attributes, after.Attributes); err != nil {
			return err
		}
	}
	return nil
}

func incompatible(at, format string, args ...any) error {
	return Errorf(ErrInvalidValue, at, "Resources of this type exist, and this would not fit them: %s.", fmt.Sprintf(format, args...))
}

func compatibleExtensions(was, is TypeDocument) error {
	required := map[string]bool{}
	for _, e := range was.Extensions {
		required[e.Schema] = e.Required
		if !slices.ContainsFunc(is.Extensions, func(n ExtensionDocument) bool { return n.Schema == e.Schema }) {
			return incompatible("resourceType.schemaExtensions", "the extension %s would go", e.Schema)
		}
	}
	for i, e := range is.Extensions {
		if e.Required && !required[e.Schema] {
			return incompatible(fmt.Sprintf("resourceType.schemaExtensions[%d].required", i), "they may lack the extension %s", e.Schema)
		}
	}
	return nil
}

func compatibleAttributes(at string, was, is []AttributeDocument) error {
	byName := map[string]AttributeDocument{}
	for _, a := range was {
		byName[strings.ToLower(a.Name)] = a
	}
	for i, a := range is {
		at := fmt.Sprintf("%s[%d]", at, i)
		before, there := byName[strings.ToLower(a.Name)]
		delete(byName, strings.ToLower(a.Name))
		switch {
		case !there && a.Required && a.Mutability != "readOnly":
			return incompatible(at+".required", "they have no %s", a.Name)
		case !there:
			continue
		}
		if err := compatibleAttribute(at, before, a); err != nil {
			return err
		}
	}
	for _, a := range was {
		if _, gone := byName[strings.ToLower(a.Name)]; gone {
			return incompatible(at, "the attribute %s would go", a.Name)
		}
	}
	return nil
}

func compatibleAttribute(at string, was, is AttributeDocument) error {
	hidden := func(a AttributeDocument) bool { return a.Returned == "never" || a.Mutability == "writeOnly" }
	switch {
	case was.Name != is.Name:
		return incompatible(at+".name", "%s would be spelt %s", was.Name, is.Name)
	case was.Type != is.Type:
		return incompatible(at+".type", "it would change from %s to %s", was.Type, is.Type)
	case was.MultiValued != is.MultiValued:
		return incompatible(at+".multiValued", "it would change")
	case is.Required && !was.Required && is.Mutability != "readOnly":
		return incompatible(at+".required", "they may lack it")
	case was.CaseExact != is.CaseExact:
		return incompatible(at+".caseExact", "what is equal would change")
	case was.Uniqueness != is.Uniqueness:
		return incompatible(at+".uniqueness", "it would change from %s to %s", was.Uniqueness, is.Uniqueness)
	case hidden(was) != hidden(is):
		return incompatible(at+".returned", "what is never returned is kept apart from the rest")
	case is.Pattern != "" && was.Pattern != is.Pattern:
		return incompatible(at+".pattern", "they may not match it")
	case !slices.Equal(was.ReferenceTypes, is.ReferenceTypes):
		return incompatible(at+".referenceTypes", "they may point elsewhere")
	}
	return compatibleAttributes(at+".subAttributes", was.SubAttributes, is.SubAttributes)
}
