package filter

// ParsePath parses a PATCH path or an attribute path.
func ParsePath(s string) (Path, error) { panic("not yet") }

// Parse parses a filter.
func Parse(s string) (Expression, error) { panic("not yet") }
