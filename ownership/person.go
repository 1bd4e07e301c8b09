package ownership

import (
	"strings"
	"time"

	"proprio/resources"
)

// The kinds of person (design.md, words). A User without kind is an employee.
const (
	KindEmployee   = "employee"
	KindContractor = "contractor"
	KindClient     = "client"
	KindService    = "service"
)

// person is what the ownership extension says of a User.
type person struct {
	kind    string
	sponsor bool
	end     time.Time
}

// readPerson reads the ownership extension of a User and refuses what is missing or malformed: everybody but an employee
// needs a sponsor and an end date. An end date that has passed is no fault here, or the leaver could not be written any
// more, not even to be deactivated.
func readPerson(doc resources.Document) (person, error) {
	ext := object(doc[resources.SchemaOwnership])
	p := person{kind: strings.ToLower(text(ext["kind"])), sponsor: hasSponsor(ext["sponsor"])}
	if _, given := ext["kind"]; !given {
		p.kind = KindEmployee
	}
	if post := text(ext["post"]); post != "" && !IsAddress(post) {
		return p, resources.Errorf(resources.ErrInvalidValue, resources.PathPost,
			"%q is no address; a post is a generic address of the company, such as accueil@…", post)
	}
	switch p.kind {
	case KindEmployee, KindContractor, KindClient, KindService:
	default:
		return p, resources.Errorf(resources.ErrInvalidValue, ownershipPath("kind"), "%q is no kind of person; use %s, %s, %s or %s",
			text(ext["kind"]), KindEmployee, KindContractor, KindClient, KindService)
	}
	if end, given := ext["endDate"]; given {
		at, err := parseTime(text(end))
		if err != nil {
			return p, resources.Errorf(resources.ErrInvalidValue, ownershipPath("endDate"),
				"an end date is a dateTime such as 2027-01-31T00:00:00Z")
		}
		p.end = at
	}
	if p.kind == KindEmployee {
		return p, nil
	}
	if !p.sponsor {
		return p, resources.Errorf(resources.ErrInvalidValue, ownershipPath("sponsor"),
			"a person of kind %s needs a sponsor: the User in the company who answers for them", p.kind)
	}
	if p.end.IsZero() {
		return p, resources.Errorf(resources.ErrInvalidValue, ownershipPath("endDate"),
			"a person of kind %s needs an end date; send it together with the kind", p.kind)
	}
	return p, nil
}

// parseTime reads an xsd:dateTime (RFC 7643 §2.3.5), with or without time zone; without, it is UTC.
func parseTime(s string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05", s)
	}
	return at, err
}

// clientHint says what a client lacks to have an outside address (design.md, domain policy). The strict reading: all
// three are needed, and as long as no external access level can be given, none has it.
func (p person) clientHint(now time.Time) string {
	if p.kind != KindClient {
		return ""
	}
	missing := "an external access level, which cannot be given yet"
	if !p.end.After(now) {
		missing = "an end date that has not passed, and " + missing
	}
	return "; a client may have an outside address with sponsor, end date and external access level; missing: " + missing
}

// hasSponsor takes the sponsor as an id, or as a complex reference with a value.
func hasSponsor(v any) bool {
	if o := object(v); o != nil {
		v = o["value"]
	}
	return strings.TrimSpace(text(v)) != ""
}

func ownershipPath(attribute string) string { return resources.SchemaOwnership + ":" + attribute }
