package console

import (
	"encoding/json"
	"fmt"
	"strings"

	"proprio/ownership"
	"proprio/resources"
)

// The states of a person, as the pages name them.
const (
	personActive   = "active"
	personInactive = "inactive"
	personHeld     = "held" // stored, but not in force (design.md, domain policy)
)

// personRow is one line about a User.
type personRow struct {
	ID         string
	Name       string
	UserName   string
	Title      string
	Department string
	Kind       string
	State      string
	Hold       string
}

func newPersonRow(r *resources.Resource) personRow {
	body := decodeBody(r)
	row := personRow{
		ID: r.ID, Name: displayName(r, body), UserName: r.Index.UserName, Hold: r.Index.Hold, State: personState(r),
		Title: str(body, "title"), Department: str(body, resources.SchemaEnterprise, "department"),
		Kind: strings.ToLower(str(body, resources.SchemaOwnership, "kind")),
	}
	if row.Kind == "" {
		row.Kind = ownership.KindEmployee
	}
	return row
}

func personState(r *resources.Resource) string {
	switch {
	case r.Index.Hold != "":
		return personHeld
	case r.Index.Active:
		return personActive
	}
	return personInactive
}

// displayName is what people call a User: the display name, else the parts of the name, else the userName.
func displayName(r *resources.Resource, body map[string]any) string {
	parts := strings.TrimSpace(str(body, "name", "givenName") + " " + str(body, "name", "familyName"))
	for _, s := range []string{r.Index.DisplayName, str(body, "displayName"), str(body, "name", "formatted"), parts, r.Index.UserName} {
		if s != "" {
			return s
		}
	}
	return r.ID
}

// decodeBody reads a resource's attributes. The store only keeps well-formed documents, so a fault reads as empty.
func decodeBody(r *resources.Resource) map[string]any {
	doc, err := r.Document()
	if err != nil {
		return nil
	}
	return doc
}

// str reads a string, or a number as text, at a path of keys.
func str(body map[string]any, path ...string) string {
	var at any = body
	for _, key := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return ""
		}
		at = m[key]
	}
	switch s := at.(type) {
	case string:
		return s
	case json.Number, float64, bool:
		return fmt.Sprint(s)
	}
	return ""
}
