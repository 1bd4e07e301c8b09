package resources

import (
	"encoding/json"
	"time"
)

// The resource types that Proprio serves.
const (
	TypeUser  = "User"
	TypeGroup = "Group"
)

// Schema URNs (RFC 7643 §10.3, and Proprio's own).
const (
	SchemaUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	SchemaGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	SchemaEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	SchemaOwnership  = "urn:proprio:scim:schemas:extension:ownership:1.0:User"
)

// Resource is a User or a Group as the store keeps it.
//
// Body is the JSON object of the attributes in the schema's form, `schemas` included, without id, externalId, meta,
// groups and members: those live beside it, because they depend on the reader (externalId, meta.location), change
// without it (version, groups) or are too many to carry (members). A response is spliced from Body and the rest.
type Resource struct {
	Type         string
	ID           string // UUIDv7
	ExternalID   string // in the caller's connection; empty when the connection gave none
	Version      int64  // from 1, +1 with each change that changed something; the ETag is W/"<Version>"
	Created      time.Time
	LastModified time.Time
	Body         json.RawMessage
	Hidden       json.RawMessage // attributes that are never returned; the store seals them. Nil unless asked for
	Index        Index
	Groups       []Ref    // of a User: the groups that hold it directly. Nil unless asked for
	Members      []Member // of a Group. Nil unless asked for
	Used         int      // of a role or entitlement: how many Users in force have it, when asked for
	MemberCount  int      // of a Group: how many members it has; -1 when not asked for
	// Names are what the resources are called that the references in Body point to, by id. Nil unless asked for.
	Names map[string]string
}

// Index is what the store keeps in columns and tables of their own, for look-ups. It is derived from Body by
// [ResourceType.Index] and never sent to a client.
type Index struct {
	UserName       string  // as written
	UserNameFolded string  // RFC 8265 UsernameCaseMapped; unique in a company
	DisplayName    string  // as written; a Group's name, a User's displayName
	NameFolded     string  // displayName folded; unique among Groups unless the connection allows duplicates
	Active         bool    // a User without `active` is active
	Hold           string  // why the User is not in force; empty when it is
	PostFolded     string  // the post of a User in force, folded; unique in a company. A read leaves it empty
	Manager        string  // id of the User's manager; empty when there is none
	Keys           []Key   // what the company's own schemas want found; a read leaves it nil
	Emails         []Email // one for each value of `emails`, in its order; a read leaves it nil, ResourceType.Index has it
}

// Email is one e-mail address of a User.
type Email struct {
	Value   string // as written; empty where the document has none
	Folded  string // for comparison
	Type    string // "work", "home", "other" or as written; may be empty
	Primary bool
}

// Ref points to a User or a Group.
type Ref struct {
	Type    string
	ID      string
	Display string // displayName, else userName
}

// Member is one member of a Group (RFC 7643 §4.2).
type Member struct {
	ID      string
	Type    string // "User" or "Group"
	Display string // displayName, else userName, of the member; set on reading only
}

// With says which parts beside Body a read should bring.
type With struct {
	Groups bool // Groups of Users
	Used   bool // Used of roles and entitlements
	// References are the attributes (manager, sponsor) whose resources' Names are wanted.
	References []string
	Members    bool // Members of Groups, and MemberCount
	Hidden     bool // what is never returned: for a change, never for an answer
	Hold       bool // of one resource, under Together: nobody else changes it until that ends
	// MemberLimit, with Members: a Group that has more of them comes with MemberCount only, its Members nil, in the same
	// consistent read (protocol.md section 3, row 17). 0: no limit.
	MemberLimit int
	// MembersAtOnce, with Members: a Group that has more of them, though no more than MemberLimit, comes in the same way; its
	// members are shown, but read in parts, by Store.Members. 0: no limit.
	MembersAtOnce int
	// PageMembers, with Members: a page ends early, before the Group with which its Groups would bring more members than
	// this together (RFC 7644 §3.4.2.4: fewer than count may be returned). The first Group always comes. 0: no limit.
	PageMembers int
	// PageBytes: a page ends early, behind the resource with which its bodies have so many bytes; 0: no limit.
	PageBytes int
	// WithoutIndex leaves Index empty: for an answer, which shows none of it.
	WithoutIndex bool
}

// MostMembers is how many members a Group may have to come with them; 0: no limit.
func (w With) MostMembers() int {
	if w.MemberLimit == 0 || w.MembersAtOnce == 0 {
		return max(w.MemberLimit, w.MembersAtOnce)
	}
	return min(w.MemberLimit, w.MembersAtOnce)
}
