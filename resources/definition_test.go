package resources_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"proprio/resources"
)

// definition is one with a few attributes, each given as JSON.
func definition(attributes ...string) string {
	return fmt.Sprintf(`{"resourceType": {"name": "Printer", "endpoint": "/Printers", "schema": "urn:x:y:Printer"},
		"schemas": [{"id": "urn:x:y:Printer", "attributes": [%s]}]}`, strings.Join(attributes, ", "))
}

// RFC 7643 §2, §6 and §7 with errata 8415, 8924 and 6004: a definition that says something wrong is refused, and the
// message names the place.
func TestParseDefinition_refuses(t *testing.T) {
	t.Parallel()
	plain := `{"name": "serial"}`
	deep := `{"name": "a", "type": "complex", "subAttributes": [{"name": "b", %s}]}`
	for name, c := range map[string]struct{ in, at, says string }{
		"not an object":        {`[]`, "", "JSON object"},
		"a key twice":          {`{"schemas": [], "schemas": []}`, "schemas", "twice"},
		"an unknown key":       {strings.Replace(definition(plain), `"schema":`, `"schemma":`, 1), "resourceType.schemma", "not known"},
		"no type":              {`{"schemas": []}`, "resourceType", "must be an object"},
		"another id":           {strings.Replace(definition(plain), `"name": "Printer"`, `"name": "Printer", "id": "P"`, 1), "resourceType.id", "is its name"},
		"a name in lower case": {strings.Replace(definition(plain), `"Printer"`, `"printer"`, 1), "resourceType.name", "capital letter"},
		"a reserved name":      {strings.Replace(definition(plain), `"Printer"`, `"Role"`, 1), "resourceType.name", "keeps for itself"},
		"no slash":             {strings.Replace(definition(plain), `"/Printers"`, `"Printers"`, 1), "resourceType.endpoint", "not an endpoint"},
		"two segments":         {strings.Replace(definition(plain), `"/Printers"`, `"/a/b"`, 1), "resourceType.endpoint", "not an endpoint"},
		"a reserved endpoint":  {strings.Replace(definition(plain), `"/Printers"`, `"/bulk"`, 1), "resourceType.endpoint", "keeps for itself"},
		"dot search":           {strings.Replace(definition(plain), `"/Printers"`, `"/.search"`, 1), "resourceType.endpoint", "not an endpoint"},
		"another schema":       {strings.Replace(definition(plain), `"schema": "urn:x:y:Printer"`, `"schema": "urn:x:y:Other"`, 1), "resourceType.schema", "no schema"},
		"not a URN":            {strings.ReplaceAll(definition(plain), `urn:x:y:Printer`, `https://x.example/Printer`), "schemas[0].id", "not a URN"},
		"the User's schema":    {strings.ReplaceAll(definition(plain), `urn:x:y:Printer`, strings.ToUpper(resources.SchemaUser)), "schemas[0].id", "keeps for itself"},
		"a message's schema":   {strings.ReplaceAll(definition(plain), `urn:x:y:Printer`, `urn:ietf:params:scim:api:messages:2.0:X`), "schemas[0].id", "keeps for itself"},
		"a schema too many":    {strings.Replace(definition(plain), `"schemas": [`, `"schemas": [{"id": "urn:x:y:Other", "attributes": [{"name": "a"}]}, `, 1), "schemas[0].id", "neither"},
		"no attributes":        {definition(), "schemas[0].attributes", "at least one"},
		"attributes not array": {strings.Replace(definition(plain), `[{"name": "serial"}]`, `{}`, 1), "schemas[0].attributes", "must be an array"},
		"no name":              {definition(`{}`), "schemas[0].attributes[0].name", "not a name"},
		"a name with a dot":    {definition(`{"name": "a.b"}`), "schemas[0].attributes[0].name", "not a name"},
		"$ref at the top":      {definition(`{"name": "$ref"}`), "schemas[0].attributes[0].name", "not a name"},
		"a common name":        {definition(`{"name": "ExternalId"}`), "schemas[0].attributes[0].name", "Every resource has"},
		"a word of filters":    {definition(`{"name": "not"}`), "schemas[0].attributes[0].name", "filter language"},
		"a name twice":         {definition(plain, `{"name": "SERIAL"}`), "schemas[0].attributes[1].name", "twice"},
		"a URN in the core":    {definition(`{"name": "urn:x:y:z", "type": "complex", "subAttributes": [{"name": "b"}]}`), "schemas[0].attributes[0].name", "not a name"},
		"an unknown type":      {definition(`{"name": "a", "type": "bool"}`), "schemas[0].attributes[0].type", "not one of"},
		"complex in complex":   {definition(fmt.Sprintf(deep, `"type": "complex"`)), "schemas[0].attributes[0].subAttributes[0].type", "not one of"},
		"three levels":         {definition(fmt.Sprintf(deep, `"subAttributes": []`)), "schemas[0].attributes[0].subAttributes[0].subAttributes", "of its own"},
		"complex of nothing":   {definition(`{"name": "a", "type": "complex"}`), "schemas[0].attributes[0].subAttributes", "at least one"},
		"parts of a string":    {definition(`{"name": "a", "subAttributes": [{"name": "b"}]}`), "schemas[0].attributes[0].subAttributes", "Only a complex"},
		"mutability":           {definition(`{"name": "a", "mutability": "readwrite"}`), "schemas[0].attributes[0].mutability", "not one of"},
		"returned":             {definition(`{"name": "a", "returned": "sometimes"}`), "schemas[0].attributes[0].returned", "not one of"},
		"uniqueness":           {definition(`{"name": "a", "uniqueness": "manufacturer"}`), "schemas[0].attributes[0].uniqueness", "not one of"},
		"a unique complex":     {definition(`{"name": "a", "type": "complex", "uniqueness": "server", "subAttributes": [{"name": "b"}]}`), "schemas[0].attributes[0].uniqueness", "cannot be unique"},
		"a number's case":      {definition(`{"name": "a", "type": "integer", "caseExact": true}`), "schemas[0].attributes[0].caseExact", "letter case"},
		"multiValued text":     {definition(`{"name": "a", "multiValued": "yes"}`), "schemas[0].attributes[0].multiValued", "true or false"},
		"write-only, returned": {definition(`{"name": "a", "mutability": "writeOnly", "returned": "default"}`), "schemas[0].attributes[0].returned", "never"},
		"neither read nor set": {definition(`{"name": "a", "mutability": "readOnly", "returned": "never"}`), "schemas[0].attributes[0].mutability", "of no use"},
		"referenceTypes":       {definition(`{"name": "a", "referenceTypes": ["User"]}`), "schemas[0].attributes[0].referenceTypes", "Only a reference"},
		"an empty type":        {definition(`{"name": "a", "type": "reference", "referenceTypes": [""]}`), "schemas[0].attributes[0].referenceTypes[0]", "between 1 and"},
		"canonicalValues":      {definition(`{"name": "a", "type": "integer", "canonicalValues": ["1"]}`), "schemas[0].attributes[0].canonicalValues", "Only strings"},
		"a pattern":            {definition(`{"name": "a", "pattern": "("}`), "schemas[0].attributes[0].pattern", "cannot be read"},
		"a way out of it":      {definition(`{"name": "a", "pattern": "x)|(?:y"}`), "schemas[0].attributes[0].pattern", "cannot be read"},
		"a pattern too large":  {definition(`{"name": "a", "pattern": "((x{1000}){1000}){1000}"}`), "schemas[0].attributes[0].pattern", "cannot be read"},
		"a costly pattern":     {definition(`{"name": "a", "pattern": "(x?y?z?){900}"}`), "schemas[0].attributes[0].pattern", "too costly"},
		"a number's pattern":   {definition(`{"name": "a", "type": "integer", "pattern": "[0-9]+"}`), "schemas[0].attributes[0].pattern", "Only strings"},
		"no such extension": {strings.Replace(definition(plain), `"name"`, `"schemaExtensions": [{"schema": "urn:x:y:E"}], "name"`, 1),
			"resourceType.schemaExtensions[0].schema", "no schema"},
		"an extension of User with another endpoint": {strings.Replace(strings.Replace(definition(plain), `"Printer"`, `"User"`, 1), `"schema": "urn:x:y:Printer"`, `"schemaExtensions": [{"schema": "urn:x:y:Printer"}]`, 1),
			"resourceType.endpoint", "is /Users"},
		"User and nothing else": {`{"resourceType": {"name": "User"}, "schemas": []}`, "resourceType.schemaExtensions", "names none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := resources.ParseDefinition([]byte(c.in))
			var e *resources.Error
			if !errors.As(err, &e) || e.Path != c.at || !strings.Contains(e.Detail, c.says) {
				t.Errorf("%v, want %q at %q", err, c.says, c.at)
			}
		})
	}
}

// RFC 7643 §2.2: what is not said has its default. References and binary data are compared exactly; what is write-only is
// never returned; RFC 9944's "Manufacturer" means that no two have the value.
func TestParseDefinition_defaults(t *testing.T) {
	t.Parallel()
	d, err := resources.ParseDefinition([]byte(definition(`{"name": "plain"}`, `{"name": "link", "type": "reference"}`,
		`{"name": "secret", "mutability": "writeOnly"}`, `{"name": "mac", "uniqueness": "Manufacturer"}`)))
	if err != nil {
		t.Fatal(err)
	}
	a := d.Schemas[0].Attributes
	if p := a[0]; p.Type != "string" || p.Mutability != "readWrite" || p.Returned != "default" || p.Uniqueness != "none" || p.CaseExact || p.Required || p.MultiValued {
		t.Errorf("plain: %+v", p)
	}
	if !a[1].CaseExact || a[2].Returned != "never" || a[3].Uniqueness != "server" {
		t.Errorf("link %+v, secret %+v, mac %+v", a[1], a[2], a[3])
	}
}

// Two definitions may not contradict each other.
func TestCompileRegistry_refuses(t *testing.T) {
	t.Parallel()
	parse := func(in string) *resources.Definition {
		d, err := resources.ParseDefinition([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := parse(definition(`{"name": "serial"}`))
	for name, c := range map[string]struct{ in, at string }{
		"name":     {strings.ReplaceAll(definition(`{"name": "serial"}`), `"Printer"`, `"PRINTER"`), "resourceType.name"},
		"endpoint": {strings.ReplaceAll(strings.Replace(definition(`{"name": "serial"}`), `"/Printers"`, `"/PRINTERS"`, 1), `"Printer"`, `"Other"`), "resourceType.endpoint"},
		"schema":   {strings.ReplaceAll(strings.Replace(definition(`{"name": "other"}`), `"/Printers"`, `"/Others"`, 1), `"Printer"`, `"Other"`), "schemas[0].id"},
	} {
		_, err := resources.CompileRegistry(first, parse(c.in))
		var e *resources.Error
		if !errors.As(err, &e) || e.Path != c.at || !errors.Is(err, resources.ErrUniqueness) {
			t.Errorf("%s: %v, want ErrUniqueness at %s", name, err, c.at)
		}
	}
}

// While there are resources, a definition may be replaced only by one that they satisfy.
func TestCompatible(t *testing.T) {
	t.Parallel()
	parse := func(attributes ...string) *resources.Definition {
		d, err := resources.ParseDefinition([]byte(definition(attributes...)))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	old := parse(`{"name": "a", "required": true, "pattern": "x+"}`, `{"name": "b", "type": "complex", "subAttributes": [{"name": "c"}]}`)
	const b = `{"name": "b", "type": "complex", "subAttributes": [{"name": "c"}]}`
	for name, c := range map[string]struct {
		new *resources.Definition
		at  string // "": compatible
	}{
		"the same":              {parse(`{"name": "a", "required": true, "pattern": "x+"}`, b), ""},
		"more that is optional": {parse(`{"name": "a", "required": true, "pattern": "x+"}`, b, `{"name": "d"}`), ""},
		"less asked":            {parse(`{"name": "a", "description": "new"}`, b), ""},
		"another order":         {parse(b, `{"name": "a", "required": true, "pattern": "x+"}`), ""},
		"a further sub":         {parse(`{"name": "a"}`, `{"name": "b", "type": "complex", "subAttributes": [{"name": "c"}, {"name": "d"}]}`), ""},
		"an attribute less":     {parse(`{"name": "a"}`), "schemas[0].attributes"},
		"another type":          {parse(`{"name": "a", "type": "integer"}`, b), "schemas[0].attributes[0].type"},
		"several values":        {parse(`{"name": "a", "multiValued": true}`, b), "schemas[0].attributes[0].multiValued"},
		"a new one required":    {parse(`{"name": "a"}`, b, `{"name": "d", "required": true}`), "schemas[0].attributes[2].required"},
		"a sub required":        {parse(`{"name": "a"}`, `{"name": "b", "type": "complex", "subAttributes": [{"name": "c", "required": true}]}`), "schemas[0].attributes[1].subAttributes[0].required"},
		"another pattern":       {parse(`{"name": "a", "pattern": "y+"}`, b), "schemas[0].attributes[0].pattern"},
		"unique":                {parse(`{"name": "a", "uniqueness": "server"}`, b), "schemas[0].attributes[0].uniqueness"},
		"hidden":                {parse(`{"name": "a", "returned": "never"}`, b), "schemas[0].attributes[0].returned"},
		"exact":                 {parse(`{"name": "a", "caseExact": true}`, b), "schemas[0].attributes[0].caseExact"},
		"another spelling":      {parse(`{"name": "A"}`, b), "schemas[0].attributes[0].name"},
	} {
		err := resources.Compatible(old, c.new)
		var e *resources.Error
		switch {
		case c.at == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.at != "" && (!errors.As(err, &e) || e.Path != c.at):
			t.Errorf("%s: %v, want an error at %s", name, err, c.at)
		}
	}
}

// Nothing that is given to ParseDefinition makes it panic; what it takes compiles, and is read back from its own JSON.
func FuzzParseDefinition(f *testing.F) {
	files, err := filepath.Glob("types/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range append(files, "../testdata/types/everything.json") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(definition(`{"name": "a", "pattern": "x)|(?:y"}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := resources.ParseDefinition(data)
		if err != nil {
			return
		}
		if _, err := resources.CompileRegistry(d); err != nil {
			t.Fatalf("does not compile: %v", err)
		}
		again, err := resources.ParseDefinition(d.JSON())
		if err != nil || string(again.JSON()) != string(d.JSON()) {
			t.Fatalf("read back: %v", err)
		}
		if err := resources.Compatible(d, again); err != nil {
			t.Fatalf("not compatible with itself: %v", err)
		}
	})
}
