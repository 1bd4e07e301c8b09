package db_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
)

// sensors is a resource type of a company's own, with an attribute of each kind, single, multi-valued and inside others,
// and what it adds to Users.
func sensors(t *testing.T) *resources.Registry {
	t.Helper()
	const each = `{"name": "word"}, {"name": "exact", "caseExact": true}, {"name": "whole", "type": "integer"},
		{"name": "part", "type": "decimal"}, {"name": "on", "type": "boolean"}, {"name": "at", "type": "dateTime"},
		{"name": "key", "type": "binary"}, {"name": "link", "type": "reference", "referenceTypes": ["external"]}`
	const all = each + `,
		{"name": "serial", "uniqueness": "server"}, {"name": "code", "uniqueness": "server", "caseExact": true},
		{"name": "words", "multiValued": true}, {"name": "wholes", "type": "integer", "multiValued": true},
		{"name": "times", "type": "dateTime", "multiValued": true},
		{"name": "one", "type": "complex", "subAttributes": [` + each + `]},
		{"name": "many", "type": "complex", "multiValued": true, "subAttributes": [` + each + `,
			{"name": "value"}, {"name": "primary", "type": "boolean"}, {"name": "tags", "multiValued": true}]}`
	var definitions []*resources.Definition
	for _, text := range []string{
		`{"resourceType": {"name": "Sensor", "endpoint": "/Sensors", "schema": "urn:x:y:Sensor",
			"schemaExtensions": [{"schema": "urn:x:y:Place"}]},
		"schemas": [{"id": "urn:x:y:Sensor", "attributes": [{"name": "displayName"}, {"name": "active", "type": "boolean"}, ` + all + `]},
			{"id": "urn:x:y:Place", "attributes": [` + each + `]}]}`,
		`{"resourceType": {"name": "User", "schemaExtensions": [{"schema": "urn:x:y:Worker"}]},
		"schemas": [{"id": "urn:x:y:Worker", "attributes": [` + all + `]}]}`,
	} {
		d, err := resources.ParseDefinition([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		definitions = append(definitions, d)
	}
	registry, err := resources.CompileRegistry(definitions...)
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

// Attributes of a company's own schemas are found as Match finds them, too: numbers, unique texts and lists among them.
func TestFindEqualsMatch_ownTypes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		seed := *filterSeed
		if seed == 0 {
			seed = rand.Uint64()
		}
		t.Logf("to repeat: -filter.seed %d", seed)
		w := newWorld(d)
		w.registry = sensors(t)
		g := generator{Rand: rand.New(rand.NewPCG(seed, 9)), ids: []string{uuid.NewString(), uuid.NewString()}}
		types := []string{"Sensor", resources.TypeUser}
		for _, typ := range types {
			for i := range 30 {
				name := fmt.Sprintf("%s %d", g.word(), i)
				g.names = append(g.names, typ+name)
				w.add(t, object{typ: typ, body: g.document(w.registry.Type(typ), name)})
			}
		}
		w.tryConditions(t, g, types...)
	})
}
