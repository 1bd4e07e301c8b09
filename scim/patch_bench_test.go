package scim

import (
	"testing"

	"proprio/resources"
)

// What identity providers send most: one member added, and a User's attributes replaced.
func BenchmarkDecodePatch(b *testing.B) {
	registry := resources.NewRegistry()
	for name, text := range map[string]string{
		"Group": `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"01890000-0000-7000-8000-000000000000"}]}]}`,
		"User": `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"displayName":"x","name.givenName":"y","` +
			resources.SchemaEnterprise + `:employeeNumber":"7"}},{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@x.example"}]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				body, err := resources.DecodeObject([]byte(text))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := decodePatch(registry.Type(name), body, options); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
