package resources

// What a number switch is where the connection sets none: a Group of that many members can still be shown whole;
// that many operations are still one change; a day in which a connection takes away that many Users and Groups, or a request that takes that many members, is still an
// ordinary one.
const (
	defaultLargeGroup       = 200_000
	defaultPatchOperations  = 1000
	defaultMassRemovalCount = 100
	defaultMassRemovalShare = 50
	defaultMassLossCount    = 15
	defaultMassLossShare    = 25
)

// AllSwitches is the catalogue of switches, in the order in which they are documented.
func AllSwitches() []Switch {
	var all []Switch
	for _, part := range [][]Switch{answerSwitches(), lenientSwitches(), strictSwitches(), profileSwitches(), guardSwitches()} {
		all = append(all, part...)
	}
	return all
}

// answerSwitches choose among answers that the RFC allows.
func answerSwitches() []Switch {
	return []Switch{
		{
			Name: "reviveInactive", Rule: "Q51",
			Off:  "A POST of a userName that belongs to an inactive User is 409, and the detail names that User's state and id.",
			On:   "The POST takes the inactive User's place: same id, same memberships, active again, answered 201.",
			flag: func(s *Switches) *bool { return &s.ReviveInactive },
		},
		{
			Name: "duplicateGroupNames", Rule: "Q53",
			Off:  "A second Group with the displayName of another is 409 uniqueness.",
			On:   "Two Groups may have one displayName.",
			flag: func(s *Switches) *bool { return &s.DuplicateGroupNames },
		},
		{
			Name: "patchNoContent", Rule: "RFC 7644 §3.5.2",
			Off:  "A successful PATCH is 200 with the resource (a Group without its members, unless they are asked for).",
			On:   "A successful PATCH is 204 without a body, unless the request asks for attributes.",
			flag: func(s *Switches) *bool { return &s.PatchNoContent },
		},
		{
			Name: "plainConfig", Rule: "Row 13",
			Off: "ServiceProviderConfig says what RFC 9967 and the drafts in use add: securityEvents and so on.",
			On: "ServiceProviderConfig holds what RFC 7643 and RFC 9865 name and nothing else, for clients whose models refuse an " +
				"attribute that they do not know, such as those made with scim2-models.",
			flag: func(s *Switches) *bool { return &s.PlainConfig },
		},
		{
			Name: "largeGroup", Rule: "Row17", Default: defaultLargeGroup,
			On: "How many members a Group may have and still be shown with all of them. One with more is shown without, and with " +
				"the header Member-Count, unless they are asked for (`attributes=members`); Users are paged by " +
				"`/Users?filter=groups.value eq \"…\"`.",
			number: func(s *Switches) *int { return &s.LargeGroup },
		},
		{
			Name: "patchOperations", Rule: "Q42", Default: defaultPatchOperations,
			On:     "How many operations a PATCH may have. One with more is 413 and changes nothing.",
			number: func(s *Switches) *int { return &s.PatchOperations },
		},
	}
}

// lenientSwitches understand what the RFC does not.
func lenientSwitches() []Switch {
	return []Switch{
		{
			Name: "unquotedValues", Rule: "Q20",
			Off:  "A text without quotation marks in a filter is 400 invalidFilter.",
			On:   "`externalId eq jyoung` means `externalId eq \"jyoung\"`.",
			flag: func(s *Switches) *bool { return &s.UnquotedValues },
		},
		{
			Name: "decodeRoles", Rule: "Q12",
			Off: "The value of a role is kept and returned as it was sent, even when it is a JSON object inside a text.",
			On: "A role whose value is a JSON object inside a text is kept as that object's value and displayName, and returned so. " +
				"The same text sent again changes nothing, and in a remove it takes that role away.",
			flag: func(s *Switches) *bool { return &s.DecodeRoles },
		},
		{
			Name: "allowUnknownMembers", Rule: "Row02",
			Off: "A member that does not exist is 400 invalidValue.",
			On: "A member may also be named by the externalId that this connection gave it. One that does not exist yet is kept " +
				"aside, shown nowhere, and becomes a member when this connection sends a User or Group with that externalId.",
			flag: func(s *Switches) *bool { return &s.AllowUnknownMembers },
		},
		{
			Name: "allowUnknownManagers", Rule: "Q57",
			Off: "A manager that does not exist is 400 invalidValue.",
			On: "A manager may also be named by the externalId that this connection gave the User. One that does not exist yet is " +
				"kept aside, and becomes the manager when this connection sends a User with that externalId.",
			flag: func(s *Switches) *bool { return &s.AllowUnknownManagers },
		},
	}
}

// strictSwitches refuse what is otherwise tolerated.
func strictSwitches() []Switch {
	return []Switch{
		{
			Name: "strictAttributes", Rule: "Q06",
			Off:  "An attribute or a schema that Proprio does not know is ignored, counted and shown on the connection's page.",
			On:   "It is 400 invalidSyntax.",
			flag: func(s *Switches) *bool { return &s.StrictAttributes },
		},
		{
			Name: "strictBooleans", Rule: "Q10",
			Off:  "The texts \"True\" and \"False\", in any letter case, are taken for booleans where the schema has a boolean.",
			On:   "A text where the schema has a boolean is 400 invalidValue.",
			flag: func(s *Switches) *bool { return &s.StrictBooleans },
		},
		{
			Name: "strictCountry", Rule: "Row08",
			Off:  "The country of an address is kept as it was sent.",
			On:   "It must be a country of ISO 3166-1: FR, fr and FRA are kept as FR, anything else is 400 invalidValue.",
			flag: func(s *Switches) *bool { return &s.StrictCountry },
		},
		{
			Name: "requireSchemas", Rule: "Q04",
			Off:  "A body without schemas, or whose schemas lack an extension that it uses, is taken for what it holds.",
			On:   "It is 400 invalidSyntax.",
			flag: func(s *Switches) *bool { return &s.RequireSchemas },
		},
		{
			Name: "requireURNs", Rule: "Q23",
			Off: "An attribute of an extension may be named without its URN, in filters, paths and bodies: `department eq \"Sales\"`.",
			On: "Without its URN it is no attribute: 400 invalidFilter in a filter, 400 invalidPath in a path, and in a body what " +
				"strictAttributes says of those that are not known.",
			flag: func(s *Switches) *bool { return &s.RequireURNs },
		},
		{
			Name: "singlePrimary", Rule: "Q11",
			Off:  "Of several values sent as primary the last one is, and the others are not.",
			On:   "More than one primary value in one list is 400 invalidValue.",
			flag: func(s *Switches) *bool { return &s.SinglePrimary },
		},
	}
}

// profileSwitches hold a connection to a profile of SCIM.
func profileSwitches() []Switch {
	return []Switch{
		{
			Name: "interop", Rule: "draft-zollner-scim-interop-profile",
			Off: "The tolerances above apply.",
			On: "The connection is held to the interoperability profile, and ServiceProviderConfig says so: unknown attributes and " +
				"schemas are 400 invalidSyntax, those of extensions without their URN too; so is a PATCH operation without path; a replace of a complex attribute replaces the " +
				"object; a value path needs a sub-attribute, except for members; a filter of a value path that fits several values is " +
				"400 invalidFilter.",
			flag: func(s *Switches) *bool { return &s.Interop },
		},
		{
			Name: "ipsie", Rule: "OpenID IPSIE AL SCIM profile",
			Off:  "Nothing more.",
			On:   "All of interop, and the connection is never throttled below 25 requests a second.",
			flag: func(s *Switches) *bool { return &s.IPSIE },
		},
	}
}

// guardSwitches loosen what keeps one wrong setting at the identity provider from emptying the directory.
func guardSwitches() []Switch {
	return []Switch{
		{
			Name: "allowMassRemoval", Rule: "H02",
			Off: "A request that would take more than massRemovalCount members out of a Group without naming them (PUT, a replace " +
				"of members, a remove of all), and more than massRemovalShare percent of them, is 403 and changes nothing.",
			On:   "A request may take any number of members out of a Group.",
			flag: func(s *Switches) *bool { return &s.AllowMassRemoval },
		},
		{
			Name: "massRemovalCount", Rule: "H02", Default: defaultMassRemovalCount,
			On:     "How many members a request may always take out of a Group.",
			number: func(s *Switches) *int { return &s.MassRemovalCount },
		},
		{
			Name: "massRemovalShare", Rule: "H02", Default: defaultMassRemovalShare, most: 100,
			On:     "How many percent of a Group's members a request may always take out of it.",
			number: func(s *Switches) *int { return &s.MassRemovalShare },
		},
		{
			Name: "allowMassLoss", Rule: "H12",
			Off: "When a connection has deactivated or deleted more than massLossCount Users and Groups within 24 hours, and more " +
				"than massLossShare percent of all Users, each further one is 403 until an administrator has looked: " +
				"`proprio connection resume`. What is younger than 24 hours does not count.",
			On:   "A connection may deactivate and delete any number.",
			flag: func(s *Switches) *bool { return &s.AllowMassLoss },
		},
		{
			Name: "massLossCount", Rule: "H12", Default: defaultMassLossCount,
			On:     "How many Users and Groups a connection may always deactivate or delete within 24 hours.",
			number: func(s *Switches) *int { return &s.MassLossCount },
		},
		{
			Name: "massLossShare", Rule: "H12", Default: defaultMassLossShare, most: 100,
			On:     "How many percent of all Users a connection may always deactivate or delete within 24 hours.",
			number: func(s *Switches) *int { return &s.MassLossShare },
		},
		{
			Name: "deleteForeign", Rule: "H11",
			Off: "A DELETE of a User or Group to which another connection gave an externalId, and this one did not, is 403: some " +
				"clients delete whatever they do not know.",
			On:   "The connection may delete it.",
			flag: func(s *Switches) *bool { return &s.DeleteForeign },
		},
		{
			Name: "renameAdmins", Rule: "H04",
			Off: "The userName and the e-mail addresses of a User who administers Proprio, and whom another connection or a person " +
				"made, are not this connection's to change: 403.",
			On:   "The connection may change them.",
			flag: func(s *Switches) *bool { return &s.RenameAdmins },
		},
	}
}
