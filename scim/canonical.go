package scim

// declareTypes gives each sub-attribute `type` of a schema canonical values where the schema has none, as
// draft-zollner-scim-interop-profile asks: RFC 7643 §8.7.1 leaves those of roles, entitlements and x509Certificates open.
// They tell a client what to expect; other values are taken all the same.
func declareTypes(schema object) {
	attributes, _ := schema["attributes"].([]map[string]any)
	for _, attribute := range attributes {
		subs, _ := attribute["subAttributes"].([]map[string]any)
		for _, sub := range subs {
			if told, _ := sub["canonicalValues"].([]string); sub["name"] == "type" && len(told) == 0 {
				sub["canonicalValues"] = []string{"work", "home", "other"}
			}
		}
	}
}
