package ownership

import (
	"slices"
)

// Waivers are the accounts of an app of which an administrator decided that they are not the company's, or that they may
// stay as they are for now: by remote id, or by address where the list they were seen in had no ids.
type Waivers struct {
	IDs       map[string]bool
	Addresses map[string]bool // folded
}

// apply takes out the findings that say what was decided already: whose the account is, and that it has an outside
// address. That somebody who left still uses it, or that the company has no way into the app, is never waived.
func (w Waivers) apply(found []Finding, accounts []ObservedAccount) []Finding {
	if len(w.IDs)+len(w.Addresses) == 0 {
		return found
	}
	waived := map[string]bool{}
	for _, a := range accounts {
		waived[a.RemoteID] = w.IDs[a.RemoteID] || slices.ContainsFunc(a.AddressKeys(), func(key string) bool { return w.Addresses[key] })
	}
	return slices.DeleteFunc(found, func(f Finding) bool {
		return f.ObjectType == "account" && waived[f.ObjectID] && (f.Kind == FindingOrphanAccount || f.Kind == FindingOutsideAccount)
	})
}
