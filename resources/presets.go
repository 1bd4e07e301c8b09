package resources

import (
	"slices"
	"strings"
)

// PresetGeneric is the preset of a connection that names none.
const PresetGeneric = "generic"

// Setting is one switch that a preset sets, and why.
type Setting struct {
	Switch string
	Value  string
	Why    string
}

// Preset is what is set for one identity provider. A preset sets documented switches and nothing else: what it does
// can be done, and undone, switch by switch.
type Preset struct {
	Name     string // as on the command line
	Title    string // the product's name
	Says     string // what is known of it as a client, for docs/connections.md
	Settings []Setting
}

// PresetSwitches returns the switches of a named identity provider; "" is generic. An unknown name is ErrInvalidValue and lists
// the known ones.
func PresetSwitches(name string) (Switches, error) {
	if name == "" {
		name = PresetGeneric
	}
	all := AllPresets()
	i := slices.IndexFunc(all, func(p Preset) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		names := make([]string, len(all))
		for i, p := range all {
			names[i] = p.Name
		}
		return Switches{}, Errorf(ErrInvalidValue, "preset", "There is no preset %q; the presets are %s.", shorten(name), strings.Join(names, ", "))
	}
	var s Switches
	for _, set := range all[i].Settings {
		if err := s.Set(set.Switch, set.Value); err != nil {
			return Switches{}, err // a test goes through all presets
		}
	}
	return s, nil
}

// whyRevive is why several presets revive: that they deactivate is known of these clients, what they send then is not
// documented, and to revive does no harm where they send something else.
const whyRevive = "It sets active to false when somebody leaves. Should it send the same userName as a new User when they come " +
	"back, a 409 would keep them out."

// AllPresets lists the presets, generic last. What they rest on is in clients.md, sections 1 to 4.
func AllPresets() []Preset {
	return []Preset{
		{
			Name: "entra", Title: "Microsoft Entra ID",
			Says: "Sends PATCH with capitalised operations and \"True\"/\"False\" unless its tenant URL has the flag " +
				"aadOptscim062020, sends references in a second pass, and reads back to compare. The defaults understand both of its " +
				"dialects at once, because on-demand provisioning ignores the flag.",
			Settings: []Setting{
				{"unquotedValues", "on", "One of Microsoft's own examples writes `externalId eq jyoung`."},
			},
		},
		{
			Name: "okta", Title: "Okta",
			Says: "Looks a User up by userName, then POSTs or PUTs the whole profile; never deletes a User; pushes Groups whole or by " +
				"member.",
			Settings: []Setting{
				{"reviveInactive", "on", "Okta deactivates and never deletes; when somebody is assigned again it sends a new POST with the same userName."},
			},
		},
		{
			Name: "google", Title: "Google Workspace",
			Says: "Provisions Users of a catalogue app; groups are not sent as objects. Suspends first and deletes after a delay that " +
				"the administrator chooses.",
			Settings: []Setting{
				{"reviveInactive", "on", whyRevive},
			},
		},
		{
			Name: "onelogin", Title: "OneLogin",
			Says: "Sends bodies from a JSON template that an administrator edits: expect texts for booleans, id null, managerId, and " +
				"the schema of SCIM 1.1.",
			Settings: []Setting{
				{"allowUnknownManagers", "on", "Templates send the manager with the User, whichever of the two comes first."},
				{"reviveInactive", "on", whyRevive},
			},
		},
		{
			Name: "jumpcloud", Title: "JumpCloud",
			Says: "Its connection test makes a User and a Group and deletes them again; member additions are repeated with every sync.",
			Settings: []Setting{
				{"reviveInactive", "on", whyRevive},
			},
		},
		{
			Name: "ping", Title: "PingOne and PingFederate",
			Says: "Filters by `emails eq` without a sub-attribute; two e-mail mappings of which one is empty arrive both filled and both " +
				"primary. The last of them is kept as primary.",
		},
		{
			Name: "cyberark", Title: "CyberArk Identity",
			Says: "Updates Users with PUT and Groups with PATCH; reads single resource types and schemas first.",
			Settings: []Setting{
				{"reviveInactive", "on", whyRevive},
			},
		},
		{
			Name: "sailpoint", Title: "SailPoint",
			Says: "Reads single resource types and schemas, and aggregates accounts by paging through all of them.",
		},
		{
			Name: "rippling", Title: "Rippling",
			Says: "Tests with GET /ServiceProviderConfig, filters on externalId, and repeats a POST that it believes lost.",
			Settings: []Setting{
				{"reviveInactive", "on", whyRevive},
			},
		},
		{
			Name: "authentik", Title: "Authentik",
			Says: "POSTs first and looks up after a 409; PATCHes Groups with the whole object and then one operation per member.",
			Settings: []Setting{
				{"unquotedValues", "on", "Some versions write `userName eq name` without quotation marks in the look-up after a 409."},
			},
		},
		{
			Name: PresetGeneric, Title: "Any other SCIM client",
			Says: "The defaults.",
		},
	}
}
