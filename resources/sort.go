package resources

import "proprio/resources/filter"

// SortBy finds the attribute by which a query is sorted (RFC 7644 §3.4.2.3), in any of the spellings that filters take.
// A complex attribute stands for its `value`. What is unknown is ErrInvalidPath; what has no order is ErrInvalidValue.
//
// The order: text by its bytes in the form of [Attribute.Comparable], and by no more than its first [SortLength]
// characters, but for userName, of which all counts; times by their instant; false before true, where a boolean that has a
// default is taken for it. Of a multi-valued attribute counts the value that is primary, else the first.
func (rt *ResourceType) SortBy(text string) (*Attribute, error) {
	path, err := filter.ParsePath(text)
	if err != nil || path.ValueExpression != nil {
		return nil, Errorf(ErrInvalidValue, "sortBy", "%.100q is not the name of an attribute, such as name.familyName.", text)
	}
	a, err := rt.Resolve(path.AttributePath)
	if err != nil {
		return nil, err
	}
	if a.Kind == KindComplex {
		value := a.SubAttribute("value")
		if value == nil {
			return nil, Errorf(ErrInvalidValue, "sortBy", "%s is complex: sort by one of its sub-attributes, such as %s.", a, a.Sub[0])
		}
		a = value
	}
	if filterable(a) != nil {
		return nil, Errorf(ErrInvalidValue, "sortBy", "%s cannot be sorted by: it is never returned, or made from other attributes "+
			"for each answer.", a)
	}
	return a, nil
}

// SortLength is how many characters of a text count for the order. Resources that agree in them are in the order of
// creation. It bounds what a [Position], and with it a cursor in a URL, must hold.
const SortLength = 200
