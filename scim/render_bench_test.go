package scim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"proprio/resources"
)

// discard is a response that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkRenderListOf100Users is what a page costs beyond the database. It must stay under 300 µs.
func BenchmarkRenderListOf100Users(b *testing.B) {
	server := (&Server{PublicURL: "https://directory.example", Now: time.Now}).ready()
	s := newSite(server, edition{registry: resources.NewRegistry()})
	c := &collection{site: s, path: "/Users", endpoints: []*endpoint{s.endpoints["/Users"]}}
	page := &resources.Page{Total: 100}
	for i := range 100 {
		page.Resources = append(page.Resources, sampleUser(i))
	}
	for name, parameters := range map[string]parameters{"Default": {}, "Attributes": {"attributes": {"userName,emails"}}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				q, err := c.read(resources.Caller{Company: "c", Connection: "k"}, parameters)
				if err == nil {
					err = c.writePage(discard{http.Header{}}, &http.Request{}, page, q)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// sampleUser is a User as an identity provider sends one, with a manager and in three Groups.
func sampleUser(i int) *resources.Resource {
	address := fmt.Sprintf("zoe.martin%d@societe.example", i)
	body := fmt.Sprintf(`{"schemas":[%q,%q],"userName":%q,"displayName":"Zoé Martin","active":true,"title":"Responsable comptable",
		"name":{"formatted":"Zoé Martin","familyName":"Martin","givenName":"Zoé"},"preferredLanguage":"fr-FR","locale":"fr-FR",
		"emails":[{"value":%q,"type":"work","primary":true},{"value":"zoe@example.net","type":"home"}],
		"phoneNumbers":[{"value":"+33 1 23 45 67 89","type":"work"},{"value":"+33 6 12 34 56 78","type":"mobile"}],
		"addresses":[{"type":"work","streetAddress":"1 rue de la Paix","locality":"Paris","postalCode":"75002","country":"FR"}],
		%q:{"employeeNumber":"%d","department":"Finance","costCenter":"4100","manager":{"value":"01980000-0000-7000-8000-00000000ffff"}}}`,
		resources.SchemaUser, resources.SchemaEnterprise, address, address, resources.SchemaEnterprise, i)
	var compact json.RawMessage
	if err := json.Unmarshal([]byte(body), &compact); err != nil {
		panic(err)
	}
	r := &resources.Resource{
		Type: resources.TypeUser, ID: fmt.Sprintf("01980000-0000-7000-8000-%012d", i), ExternalID: fmt.Sprintf("00u%d", i),
		Version: 3, Created: time.UnixMicro(1_780_000_000_000_000), LastModified: time.UnixMicro(1_790_000_000_000_000), Body: compact,
		Names: map[string]string{"01980000-0000-7000-8000-00000000ffff": "Marc Roux"},
	}
	for g := range 3 {
		r.Groups = append(r.Groups, resources.Ref{Type: resources.TypeGroup, ID: fmt.Sprintf("01990000-0000-7000-8000-%012d", g), Display: "Équipe"})
	}
	return r
}
