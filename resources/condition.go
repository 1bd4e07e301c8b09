package resources

// Condition is a filter tied to a resource type's attributes: every name resolved, every value of the attribute's
// type, every operator allowed on it. It has one meaning, which [Match] gives on a document and package db gives in SQL;
// a property test holds the two together.
//
//   - ne is bound as Not{eq}: it matches an unassigned attribute (protocol.md 2.4, 43)
//   - eq null is Not{Present}, ne null is Present
//   - a multi-valued attribute, with or without a value path, becomes Element: some value satisfies the inner condition;
//     a value path on a complex attribute that has one value asks of it directly
//   - a complex attribute without sub-attribute stands for its `value` (protocol.md 2.4, 45); its presence is that of
//     one of its sub-attributes, so Compare and Present are only ever about simple values
//   - a boolean that has a default is compared by it where the document is silent: a User without `active` is active, a
//     value without `primary` is not primary (RFC 7643 §2.4). Present says what the document says
type Condition interface{ condition() }

// And holds when all of its terms hold.
type And struct{ Terms []Condition }

// Or holds when one of its terms holds.
type Or struct{ Terms []Condition }

// Not holds when its term does not.
type Not struct{ Term Condition }

// Compare holds when the attribute has a value and the operator holds between it and Value. Inside Element the
// attribute is read from the element, and stands for the element itself when it is Element's own attribute; else it is
// read from the document's top. Strings are ordered by their bytes, times by their instant.
type Compare struct {
	Attribute *Attribute
	Op        string // eq co sw ew gt ge lt le
	// Value is a string in the form of [Attribute.Comparable], a bool, an int64, a float64, or a time.Time in whole
	// microseconds.
	Value any
}

// Present holds when the attribute has a value that is not empty. Inside Element it is read from the element.
type Present struct{ Attribute *Attribute }

// Element holds when some value of a multi-valued attribute satisfies Where.
type Element struct {
	Attribute *Attribute
	Where     Condition
}

func (And) condition()     {}
func (Or) condition()      {}
func (Not) condition()     {}
func (Compare) condition() {}
func (Present) condition() {}
func (Element) condition() {}
