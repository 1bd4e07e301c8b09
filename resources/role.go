package resources

import (
	"encoding/json"
	"strings"
)

// decodeRole takes a role out of the text that Entra's AppRoleAssignmentsComplex writes into its value (Q12):
// {"value": "{\"id\":\"…\",\"value\":\"Admin\",\"displayName\":\"Administrator\"}"} is the role Admin. What is not such a
// text is returned as it is.
func decodeRole(v map[string]any) map[string]any {
	for _, key := range sortedKeys(v) {
		text, _ := v[key].(string)
		if !strings.EqualFold(key, "value") || !strings.HasPrefix(strings.TrimSpace(text), "{") {
			continue
		}
		var inner struct{ Value, DisplayName string }
		if json.Unmarshal([]byte(text), &inner) != nil || inner.Value == "" {
			continue
		}
		role := map[string]any{}
		for k, e := range v {
			role[k] = e
		}
		role[key] = inner.Value
		if inner.DisplayName != "" {
			role["display"] = inner.DisplayName
		}
		return role
	}
	return v
}

// isRoles says whether an attribute is a User's roles.
func (a *Attribute) isRoles() bool {
	return a.Name == "roles" && a.Schema == SchemaUser && a.Parent == nil
}
