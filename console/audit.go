package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"proprio/audit"
)

// auditPage is the record of what was done, newest first.
type auditPage struct {
	Type, ID string
	Types    []string
	// Incomplete says that the filter was filled in by half, and therefore not applied.
	Incomplete bool
	Entries    []audit.Entry
	Resumed    bool
	Open       string // address of the object's own page; empty when it has none
	Newest     string // address of the first page
	Older      string // address of the next page; empty at the end
}

// objectTypes are what the record is about; the filter offers them.
func objectTypes() []string {
	return []string{
		"User", "Group", "Role", "Entitlement", "app", "account", "connection", "token", "client", "client-secret", "stream", "domain", "company", "issuer", "admin",
		"session", "resourceType", "task",
	}
}

// ownType is what the name of a resource type of the company's own looks like (RFC 7643 §6); it has no word of ours.
var ownType = regexp.MustCompile(`^[A-Z][A-Za-z0-9_-]{0,63}$`)

// audit shows the record, of everything or of one object.
func (c *Console) audit(v *visit) error {
	q := v.r.URL.Query()
	p := auditPage{Type: oneOf(q.Get("type"), objectTypes()...), ID: strings.TrimSpace(q.Get("id")), Types: objectTypes()}
	if typ := q.Get("type"); p.Type == "" && ownType.MatchString(typ) {
		p.Type, p.Types = typ, append(p.Types, typ)
	}
	before, err := strconv.ParseInt(q.Get("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0
	}
	p.Resumed = before > 0
	query := audit.Query{Before: before, Limit: pageSize + 1}
	if p.Type != "" && p.ID != "" {
		query.ObjectType, query.ObjectID = p.Type, p.ID
		p.Open = objectPage(p.Type, p.ID)
	}
	if p.Entries, err = c.Log.Entries(v.r.Context(), v.session.Company, query); err != nil {
		return err
	}
	p.Incomplete = (p.Type == "") != (p.ID == "")
	filter := url.Values{}
	if query.ObjectID != "" {
		filter.Set("type", p.Type)
		filter.Set("id", p.ID)
	}
	p.Newest = "/audit?" + filter.Encode()
	if len(p.Entries) > pageSize {
		p.Entries = p.Entries[:pageSize]
		filter.Set("before", strconv.FormatInt(p.Entries[pageSize-1].Seq, 10))
		p.Older = "/audit?" + filter.Encode()
	}
	return c.render(v, http.StatusOK, "audit", p)
}

// objectPage is the page of a recorded object. The object may be gone; then that page says so.
func objectPage(typ, id string) string {
	folder := map[string]string{"User": "/people/", "Group": "/groups/", "app": "/apps/", "connection": "/connections/"}[typ]
	if folder == "" {
		return ""
	}
	return folder + url.PathEscape(id)
}
