package profiles

// Profile is what one product can do.
type Profile struct {
	// Name is how an app's settings name the profile: lower-case letters, digits, hyphens. It is the file's name.
	Name string `json:"name"`
	// Title is the product's name for readers.
	Title string `json:"title"`
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
	Roles   Roles             `json:"roles"`
	// Warnings are shown to the admin who adds or changes an app of this product.
	Warnings []string `json:"warnings"`
	// Sources are where the facts come from; Confidence is how sure they are: "high", "medium", "low".
	Sources    []string `json:"sources"`
	Confidence string   `json:"confidence"`
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
	// DeleteMeaning says in words what DELETE does to the person's data, for the admin.
	DeleteMeaning string `json:"deleteMeaning"`
	// NoReactivation is set where active=true does not bring a deactivated account back: an admin has to.
	NoReactivation bool `json:"noReactivation"`
	// Omit are attributes never sent, as paths: "photos", "name.formatted", an extension's URN.
	Omit []string `json:"omit"`
	// Single are multi-valued attributes of which the product takes one value: the primary one, else the first.
	Single []string `json:"single"`
	// Required are paths that the product refuses to do without; a User without them waits, and no call is made.
	Required []string `json:"required"`
	// NoEnterprise is set where the enterprise extension (RFC 7643 §4.3) is refused.
	NoEnterprise bool `json:"noEnterprise"`
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
	// Size is the count asked for. Default 100.
	Size int `json:"size"`
}

// Rate is how fast the product may be called.
type Rate struct {
	PerSecond   float64 `json:"perSecond"`   // default 20
	Burst       int     `json:"burst"`       // default 20
	Concurrency int     `json:"concurrency"` // calls at once; default 4
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
