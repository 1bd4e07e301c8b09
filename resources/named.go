package resources

import "cmp"

// Named is what a change must know of a resource that it names by its id, as a manager or as a member, and what its
// answer shows of that.
type Named struct {
	Type        string
	DisplayName string
	UserName    string
	Member      bool // of the Group of a [Roll]
}

// Display is what it is called as a member (RFC 7643 §4.2).
func (n Named) Display() string { return cmp.Or(n.DisplayName, n.UserName) }

// Roll is what somebody finds who names all that are to be a Group's members.
type Roll struct {
	Version int64            // of the Group; 0: it is not there
	Count   int              // of its members
	Named   map[string]Named // those named that exist, by id
}

// staying is how many of those who are to be members are so already.
func (r *Roll) staying(members []Member) int {
	n := 0
	for _, m := range members {
		if r.Named[m.ID].Member {
			n++
		}
	}
	return n
}
