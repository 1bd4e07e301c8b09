package profiles

import "slices"

// Profile is what one product can do. Every field but Name, Title and Confidence may be left out of the file; its comment
// names the default.
type Profile struct {
	// Name is how an app's settings name the profile: lower-case letters, digits, hyphens. It is the file's name.
	Name string `json:"name"`
	// Title is the product's name for readers.
	Title string `json:"title"`
	// Protocol is what the product speaks: "scim" (default), or the name of a connector.
	Protocol string `json:"protocol"`
	// Plan is what has to be bought for the product to be provisioned, in the vendor's words; empty: nothing is known of it.
	Plan string `json:"plan"`
	// Address is the form of the base address, as the admin has to enter it: what stands in braces is the company's own.
	Address string `json:"address"`
	Auth    Auth   `json:"auth"`
	// Match names the attribute that finds an existing resource before one is created.
	Match Match `json:"match"`
	// Update is how a resource is changed: "patch" (default) sends the difference, "put" reads the resource, merges,
	// and writes it whole.
	Update string `json:"update"`
	// PatchForm is how attributes are changed in a PATCH: "paths" (default) one operation each with a path, "object"
	// one operation without path and an object as value.
	PatchForm string  `json:"patchForm"`
	Users     Users   `json:"users"`
	Groups    Groups  `json:"groups"`
	Members   Members `json:"members"`
	Paging    Paging  `json:"paging"`
	Rate      Rate    `json:"rate"`
	// Headers are sent with every request.
	Headers map[string]string `json:"headers"`
	Answers Answers           `json:"answers"`
	Roles   Roles             `json:"roles"`
	Grants  Grants            `json:"grants"`
	Leaving Leaving           `json:"leaving"`
	// Manual is what a person has to do; only where Protocol is "manual", and there it has to be.
	Manual Manual `json:"manual,omitzero"`
	// Externals says what the product does with people from outside the company: guests, clients, contractors.
	Externals Text `json:"externals"`
	// Warnings are shown to the admin who adds or changes an app of this product.
	Warnings []Text `json:"warnings"`
	// Sources are where the facts come from; Confidence is how sure they are: "high", "medium", "low".
	Sources    []string `json:"sources"`
	Confidence string   `json:"confidence"`
}

// Text is what an admin reads, in the languages of the console.
type Text struct {
	EN string `json:"en"`
	FR string `json:"fr"`
}

// In is the text in a language, "fr" or another.
func (t Text) In(language string) string {
	if language == "fr" {
		return t.FR
	}
	return t.EN
}

// Auth is how a call shows who sends it.
type Auth struct {
	// Token says which token it has to be, where it is made, and with which rights.
	Token Text `json:"token"`
	// Days is how long a token lives after it was made; 0 (default): until somebody revokes it.
	Days int `json:"days"`
	// Personal: the token is a person's, and dies with that person's account or rights.
	Personal bool `json:"personal"`
}

// Match names the filter attributes for look-ups. Defaults: userName and displayName.
type Match struct {
	User  string `json:"user"`
	Group string `json:"group"`
	// ExternalID says that `externalId eq` works too; it then finds an account of ours that was renamed there.
	ExternalID bool `json:"externalId"`
}

// Users is what the product does with Users.
type Users struct {
	// Deactivate is how access is taken away: "active" (default) writes active=false, "delete" sends DELETE, for
	// products whose DELETE means deactivation.
	Deactivate string `json:"deactivate"`
	// Deactivation says in words what taking access away does, where active=false does not say it; empty: what Deactivate says.
	Deactivation Text `json:"deactivation"`
	// DeleteMeaning says in words what DELETE does to the person's data, for the admin.
	DeleteMeaning Text `json:"deleteMeaning"`
	// NoDelete: there is no DELETE of a User.
	NoDelete bool `json:"noDelete"`
	// NoReactivation is set where active=true does not bring a deactivated account back: an admin has to.
	NoReactivation bool `json:"noReactivation"`
	// Reactivation says in words what comes back with a reactivated account, and until when; empty: all of it.
	Reactivation Text `json:"reactivation"`
	// Only are the attributes that are sent besides active, as paths, for products that take few; empty (default): all.
	Only []string `json:"only"`
	// Omit are attributes never sent, as paths: "photos", "name.formatted", an extension's URN.
	Omit []string `json:"omit"`
	// Single are multi-valued attributes of which the product takes one value: the primary one, else the first.
	Single []string `json:"single"`
	// Required are paths that the product refuses to do without; a User without them waits, and no call is made.
	Required []string `json:"required"`
	// Fixed are attributes that the product takes at creation and never changes afterwards; "*" is every one but active.
	// A changed userName waits for an admin, any other change is left out.
	Fixed []string `json:"fixed"`
	// Unpatched are paths that a PATCH may not name, although the product shows and takes them otherwise.
	Unpatched []string `json:"unpatched"`
	// Names are the rules of single text attributes, by path. A User that breaks one waits, and no call is made.
	Names map[string]NameRule `json:"names"`
	// NoEnterprise is set where the enterprise extension (RFC 7643 §4.3) is refused.
	NoEnterprise bool `json:"noEnterprise"`
	// ListsOwn: the list holds only accounts that came over SCIM, so others have to be read from an export.
	ListsOwn bool `json:"listsOwn"`
	// Protected says whose account the product does not let anybody deactivate.
	Protected Text `json:"protected"`
}

// Fixes says whether the product never changes an attribute after creation.
func (u Users) Fixes(attribute string) bool {
	all := slices.Contains(u.Fixed, "*") && attribute != "active" && attribute != "schemas"
	return all || slices.Contains(u.Fixed, attribute)
}

// NameRule bounds a text.
type NameRule struct {
	Longest int    `json:"longest"` // characters; 0: any number
	Without string `json:"without"` // characters that may not be in it
}

// Groups is what the product does with Groups.
type Groups struct {
	// Unsupported: Groups are not pushed at all.
	Unsupported bool `json:"unsupported"`
	// NoCreate: Groups must be made in the product first, under the same name.
	NoCreate bool `json:"noCreate"`
	// NoRename: a changed displayName is refused.
	NoRename bool `json:"noRename"`
	// Removal is what becomes of a Group that left the scope: "delete" (default) deletes it if the engine created it,
	// "empty" takes out the members that the engine put in and leaves it. One that was linked is always only emptied.
	Removal string `json:"removal"`
	// Name is the rule of displayName.
	Name NameRule `json:"name"`
	// Meaning is what a Group is called and does in the product, in words; empty: a group.
	Meaning Text `json:"meaning"`
}

// Members is how a Group's members are changed.
type Members struct {
	// Unreadable: a GET of a Group does not return its members; the record of what was sent is the only one.
	Unreadable bool `json:"unreadable"`
	// PerCall is how many members one PATCH may add and remove in all. Default 100.
	PerCall int `json:"perCall"`
	// OperationsPerCall is how many operations one PATCH may hold. Default 100.
	OperationsPerCall int `json:"operationsPerCall"`
	// Remove is how members are removed: "filter" (default) one operation each with path members[value eq "…"],
	// "value" one operation with path members and the values.
	Remove string `json:"remove"`
}

// Paging is how the product lists.
type Paging struct {
	// Style is "index" (default), the startIndex and count of RFC 7644 §3.4.2.4, or "none": parameters are ignored and the
	// whole list comes.
	Style string `json:"style"`
	// Size is the count asked for, and the most that the product returns. Default 100.
	Size int `json:"size"`
}

// Rate is how fast the product may be called.
type Rate struct {
	PerSecond   float64 `json:"perSecond"`   // default 20
	Burst       int     `json:"burst"`       // default 20
	Concurrency int     `json:"concurrency"` // calls at once; default 4
	// Words is the vendor's limit as published.
	Words Text `json:"words"`
}

// Answers is where the product's answers differ from what RFC 7644 leads to expect.
type Answers struct {
	// Patch is the status of a PATCH that was done: 200 (default) with the resource, or 204 without a body.
	Patch int `json:"patch"`
	// Conflict is how a taken name is answered: "uniqueness" (default) 409 with that scimType, "plain" 409 without.
	Conflict string `json:"conflict"`
	// NotFound is the form of a 404: "scim" (default) or "html".
	NotFound string `json:"notFound"`
	// RetryAfter is the form of that header: "seconds" (default) or "date".
	RetryAfter string `json:"retryAfter"`
	// ErrorInside: a refusal comes with status 200 and a body whose status says what it is.
	ErrorInside bool `json:"errorInside"`
	// ExactFilter: userName eq minds the letter case, though two names that differ in it alone are the same to the product.
	ExactFilter bool `json:"exactFilter"`
	// Ahead is by how many minutes a success may be ahead of what the product shows; 0 (default): not at all.
	Ahead int `json:"ahead"`
	// ForgetsMembers: a deactivated User is taken out of all Groups.
	ForgetsMembers bool `json:"forgetsMembers"`
}

// Roles is where the product says who administers it, for the reader of account lists.
type Roles struct {
	// Attribute is the path of the attribute that tells an account's role: "roles", "entitlements", "userType",
	// "urn:…:User:role". Default "roles". The standard attributes roles and entitlements are read in any case.
	Attribute string `json:"attribute"`
	// Administrators are the values that mean administrator in this product, compared without letter case. They count
	// besides the names that are common among products.
	Administrators []string `json:"administrators"`
	// Closed: Administrators are all there are; a common name such as "owner" means something else here.
	Closed bool `json:"closed"`
}

// Grants is which roles can be given over this interface.
type Grants struct {
	// Values are the roles, as the attribute of [Roles] takes them; none: a role is given in the product, or by a Group.
	Values []string `json:"values"`
	// Open: Values are some of them; a company has others, of its own making.
	Open bool `json:"open"`
	// Single: an account has one role at a time.
	Single bool `json:"single"`
	// Type is the type that a value of roles or entitlements has to have; empty: none.
	Type string `json:"type"`
	// ByGroup: membership of a Group gives a role, and nothing else does.
	ByGroup bool `json:"byGroup"`
}

// Leaving is what an admin has to know before somebody's account is deactivated.
type Leaving struct {
	// Data says what becomes of the person's things when nothing is done.
	Data Text `json:"data"`
	// HandOver is what to do before the account is deactivated, each line one step.
	HandOver []Text `json:"handOver"`
	// Sessions says how long somebody stays signed in after the account was deactivated; empty: not known.
	Sessions Text `json:"sessions"`
}
