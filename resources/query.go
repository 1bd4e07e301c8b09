package resources

import "time"

// Query selects resources in an order in which each has a place of its own: by an attribute, then by creation, then by
// id. So the same page is the same each time.
type Query struct {
	Type   string
	Where  Condition   // nil: all
	SortBy *Attribute  // from [ResourceType.SortBy]; nil: by creation
	Also   []Selection // of further types, for a query over several (RFC 7644 §3.4.2.1)
	// Descending turns the whole order round.
	Descending bool

	StartIndex int   // from 1; unless Walk is set
	Walk       *Walk // the page is found by a place in the order; nil: by StartIndex
	Count      int   // at most; 0: only the total
	With       With
}

// Selection is what a query selects of one type. A type without the attribute by which the others are sorted has no
// SortBy: all of its resources are taken for such as have no value.
type Selection struct {
	Type   string
	Where  Condition
	SortBy *Attribute
}

// Selections are those of each type.
func (q Query) Selections() []Selection {
	return append([]Selection{{q.Type, q.Where, q.SortBy}}, q.Also...)
}

// Over makes the query go over what is selected, which is something.
func (q Query) Over(selections []Selection) Query {
	first := selections[0]
	q.Type, q.Where, q.SortBy, q.Also = first.Type, first.Where, first.SortBy, selections[1:]
	return q
}

// Walk is a way through a whole result, page by page (RFC 9865). Pages follow each other by the places of resources, not
// by counting: what is added or removed meanwhile moves nobody to another page.
type Walk struct {
	From     *Position // the page begins after it, or Backward, ends before it; nil: at the beginning, or the end
	Backward bool
	Total    int // as the first page of the walk counted it; 0: to be counted
}

// Position is a resource's place in the order of a query. It outlives the resource.
type Position struct {
	// Missing says that the resource has no value to be sorted by: it comes after those that have one.
	Missing bool
	// Key is what the resource is sorted by, as the store compares it; empty in the order of creation.
	Key     string
	Created time.Time
	ID      string
}

// Page is a part of a result. Total counts every match in the company.
type Page struct {
	Total     int
	Resources []*Resource

	First, Last *Position // of the resources at both ends; nil when there is none
	More        bool      // of a Walk: it goes on, in its direction
	Cut         bool      // it ended early for [With.PageBytes], and goes on behind Last
}
