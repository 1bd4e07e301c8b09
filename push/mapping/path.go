package mapping

// Object is a JSON object, decoded.
type Object = map[string]any

// Lookup is what a document holds under keys, one for each level; nil: nothing.
func Lookup(doc Object, keys []string) any {
	var v any = doc
	for _, key := range keys {
		m, ok := v.(Object)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// Set puts a value under keys, and makes the objects on the way. Nil says that the attribute is to be removed where it is.
func Set(doc Object, keys []string, value any) {
	for _, key := range keys[:len(keys)-1] {
		next, ok := doc[key].(Object)
		if !ok {
			next = Object{}
			doc[key] = next
		}
		doc = next
	}
	doc[keys[len(keys)-1]] = value
}

// Remove takes away what is under keys, and the objects on the way that are left empty.
func Remove(doc Object, keys []string) {
	if len(keys) > 1 {
		next, ok := doc[keys[0]].(Object)
		if !ok {
			return
		}
		if Remove(next, keys[1:]); len(next) > 0 {
			return
		}
	}
	delete(doc, keys[0])
}
