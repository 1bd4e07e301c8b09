package resources_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
	"proprio/resources/filter"
)

// BenchmarkFirstSync is what the first sync of an identity provider costs below the protocol, per person: a look-up that
// finds nobody, the creation, and a hundredth of a PATCH that adds a hundred members to a Group.
func BenchmarkFirstSync(b *testing.B) {
	for name, config := range map[string]func() db.Config{
		"sqlite":   func() db.Config { return db.Config{Data: b.TempDir()} },
		"postgres": func() db.Config { return db.Config{Data: b.TempDir(), URL: dbtest.PostgresURL(b)} },
	} {
		b.Run(name, func(b *testing.B) { benchmarkFirstSync(b, dbtest.Open(b, config())) })
	}
}

func benchmarkFirstSync(b *testing.B, d *db.DB) {
	ctx := context.Background()
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	directory := &resources.Directory{Registry: d, Store: d, Policy: &gate{}, Now: time.Now, NewID: newID}
	company, err := d.CreateCompany(ctx, audit.Actor{Kind: audit.ActorCommand}, ownership.Company{ID: newID(), Name: "Corp"})
	if err != nil {
		b.Fatal(err)
	}
	caller := resources.Caller{Company: company.ID, Connection: newID(), Actor: audit.Actor{Kind: audit.ActorConnection, Name: "idp"}}
	group, err := directory.Create(ctx, caller, "Group", resources.Input{"displayName": "Everybody"})
	if err != nil {
		b.Fatal(err)
	}
	rt := resources.NewRegistry().Type("User")
	var batch []any
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("p%d@corp.fr", i)
		miss := find(b, directory, caller, rt, name)
		r, err := directory.Create(ctx, caller, "User", person(b, name, i))
		if err != nil || miss.Total != 0 {
			b.Fatal(miss.Total, err)
		}
		if batch = append(batch, map[string]any{"value": r.Resource.ID}); len(batch) < 100 {
			continue
		}
		add := []resources.Operation{resources.OperationOn(resources.OpAdd, "members", batch)}
		if _, err := directory.Modify(ctx, caller, "Group", group.Resource.ID, resources.Precondition{}, add); err != nil {
			b.Fatal(err)
		}
		batch = nil
	}
}

// person is what an identity provider sends of somebody.
func person(b *testing.B, name string, i int) resources.Input {
	return decode(b, fmt.Sprintf(`{"schemas":["%s","ENT"],"userName":%q,"externalId":"x%d","active":true,"displayName":"Anne Brémond",
		"name":{"givenName":"Anne","familyName":"Brémond"},"title":"Directrice","preferredLanguage":"fr-FR",
		"emails":[{"value":%[2]q,"type":"work","primary":true}],"phoneNumbers":[{"value":"+33 1 00 00 00 00","type":"work"}],
		"ENT":{"department":"Ventes","employeeNumber":"%[3]d"}}`, resources.SchemaUser, name, i))
}

func find(b *testing.B, d *resources.Directory, c resources.Caller, rt *resources.ResourceType, name string) *resources.Page {
	b.Helper()
	e, err := filter.Parse(fmt.Sprintf(`userName eq %q`, name))
	if err != nil {
		b.Fatal(err)
	}
	where, err := rt.Bind(e)
	if err != nil {
		b.Fatal(err)
	}
	page, err := d.Store.Find(context.Background(), c, resources.Query{Type: "User", Where: where, StartIndex: 1, Count: 100})
	if err != nil {
		b.Fatal(err)
	}
	return page
}
