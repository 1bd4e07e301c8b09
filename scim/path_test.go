package scim_test

import (
	"testing"

	"proprio/scim"
)

// What begins with /scim is the protocol's to answer, however it is written; nothing else is.
func TestConcerns(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/scim/v2": true, "/scim/v2/Users": true, "/scim": true, "/scim/": true, "/SCIM/V2/Users": true, "/Scim/v1": true,
		"//scim//v2//Users": true, "/scim/../sign-in": true, "/scimv2/Users": true, "/scim.json": true,
		"": false, "/": false, "/sci": false, "/sign-in": false, "/x/scim/v2/Users": false, "/v2/Users": false, "*": false,
	} {
		if got := scim.Concerns(path); got != want {
			t.Errorf("%q: %t, want %t", path, got, want)
		}
	}
}
