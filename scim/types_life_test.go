package scim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"proprio/audit"
)

// protocol.md section 4: a resource type of a company's own lives as User and Group do: created, read, replaced, changed,
// removed, with versions and locations.
func TestOwnTypes_life(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		created := c.do("POST", "/Everything", everything("One", object{
			"externalId": "x-1", "flag": true, "count": 3, "ratio": 0.5, "at": "2026-01-31T08:00:00Z", "blob": "aGk=",
			"displayName": object{"fr": "Un", "en": "One"}, "numbers": []int{1, 2},
			"parts": []object{{"value": 1, "tags": []string{"a", "b"}, "primary": true}, {"value": 2, "primary": true}},
			mayURN:  object{"level": 1, "urn:example:scim:schemas:extension:inner:2.0:Everything": object{"depth": 2}},
		})).must(201)
		id := created.text("id")
		if l := created.header.Get("Location"); l != base+"/Everything/"+id || created.text("meta", "location") != l || created.text("meta", "resourceType") != "Everything" {
			t.Errorf("location %q, meta %v", l, created.at("meta"))
		}
		read := c.do("GET", "/everything/"+id, nil).must(200)
		if read.body != created.body || read.header.Get("ETag") != created.header.Get("ETag") {
			t.Errorf("read back\n%s\nwant\n%s", read.body, created.body)
		}
		for _, want := range []struct {
			path []any
			is   any
		}{
			{[]any{"externalId"}, "x-1"}, {[]any{"count"}, 3.0}, {[]any{"ratio"}, 0.5}, {[]any{"displayName", "fr"}, "Un"},
			{[]any{"parts", 0, "tags", 1}, "b"}, {[]any{"parts", 0, "value"}, 1.0}, {[]any{"parts", 0, "primary"}, false}, {[]any{"parts", 1, "primary"}, true},
			{[]any{mayURN, "urn:example:scim:schemas:extension:inner:2.0:Everything", "depth"}, 2.0},
			{[]any{"schemas", 0}, everythingURN}, {[]any{"schemas", 1}, mustURN}, {[]any{"schemas", 2}, mayURN},
		} {
			if got := read.at(want.path...); got != want.is {
				t.Errorf("%v is %v, want %v", want.path, got, want.is)
			}
		}
		tag := read.header.Get("ETag")
		c.do("GET", "/Everything/"+id, nil, "If-None-Match", tag).must(304)
		replaced := c.do("PUT", "/Everything/"+id, everything("Two"), "If-Match", tag).must(200)
		if replaced.text("label") != "Two" || replaced.at("count") != nil || replaced.at(mayURN) != nil || replaced.at("schemas", 2) != nil {
			t.Errorf("replaced: %s", replaced.body)
		}
		c.do("PUT", "/Everything/"+id, everything("Three"), "If-Match", tag).must(412)
		c.do("PATCH", "/Everything/"+id, patch(op("add", "numbers", []int{5, 6}), op("replace", "label", "Four"))).must(200)
		same := c.do("PATCH", "/Everything/"+id, patch(op("add", "numbers", []int{5}))).must(200)
		if v := same.text("meta", "version"); v != c.do("GET", "/Everything/"+id, nil).text("meta", "version") || same.at("numbers", 2) != nil {
			t.Errorf("an add of what is there: %s", same.body)
		}
		c.do("DELETE", "/Everything/"+id, nil).must(204)
		c.do("GET", "/Everything/"+id, nil).must(404)
		c.do("DELETE", "/Everything/"+id, nil).must(404)
		entries, err := c.db.Entries(context.Background(), c.company, audit.Query{ObjectType: "Everything", ObjectID: id, Limit: 10})
		if err != nil || len(entries) != 4 || entries[0].Action != audit.ActionRemove {
			t.Errorf("audit: %+v, %v", entries, err)
		}
	})
}

// RFC 7643 §2.2 and §2.3: each characteristic and each type holds on POST, and what is refused leaves nothing.
func TestOwnTypes_characteristics(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		for name, bad := range map[string]struct {
			body object
			says string
		}{
			"required":              {object{"schemas": []string{everythingURN}, mustURN: object{"site": "x"}}, "label"},
			"required, blank":       {everything(" "), "label"},
			"required extension":    {object{"schemas": []string{everythingURN}, "label": "x"}, mustURN},
			"required in it":        {object{"schemas": []string{everythingURN}, "label": "x", mustURN: object{"code": "c"}}, mustURN + ":site"},
			"required in an option": {everything("x", object{mayURN: object{"note": "n"}}), mayURN + ":level"},
			"required part":         {everything("x", object{"box": object{"labels": []string{"a"}}}), "box.width"},
			"boolean":               {everything("x", object{"flag": "perhaps"}), "flag"},
			"integer":               {everything("x", object{"count": 1.5}), "count"},
			"integer as text":       {everything("x", object{"count": "1"}), "count"},
			"decimal":               {everything("x", object{"ratio": "half"}), "ratio"},
			"dateTime":              {everything("x", object{"at": "2026-01-31"}), "at"},
			"binary":                {everything("x", object{"blob": "%%%"}), "blob"},
			"pattern":               {everything("x", object{"mac": "AA:BB:CC:DD:EE:FF:00"}), "mac"},
			"several for one":       {everything("x", object{"exact": []string{"a", "b"}}), "exact"},
			"an object for text":    {everything("x", object{"exact": object{"a": 1}}), "exact"},
			"text for an object":    {everything("x", object{"box": "wide"}), "box"},
			"in an element":         {everything("x", object{"parts": []object{{"value": "one"}}}), "parts.value"},
			"hidden, not echoed":    {everything("x", object{"secret": object{"unheard-of": 1}}), "secret"},
		} {
			a := c.do("POST", "/Everything", bad.body)
			if a.status != 400 || a.text("scimType") != "invalidValue" || !strings.Contains(a.text("detail"), bad.says) {
				t.Errorf("%s: %d %s, want invalidValue that says %q", name, a.status, a.body, bad.says)
			}
			if strings.Contains(a.body, "unheard-of") {
				t.Errorf("%s: the answer repeats a hidden value: %s", name, a.body)
			}
		}
		if n := c.do("GET", "/Everything", nil).must(200).at("totalResults"); n != 0.0 {
			t.Errorf("%v resources came of what was refused", n)
		}
		a := c.do("POST", "/Everything", everything("x", object{"given": "by a client", "mac": "AA:BB:CC:DD:EE:FF", "unknown": 1})).must(201)
		if a.at("given") != nil || a.at("unknown") != nil {
			t.Errorf("read-only and unknown attributes are taken: %s", a.body)
		}
	})
}

// RFC 7643 §2.2 `mutability` on PUT and PATCH.
func TestOwnTypes_mutability(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		id := c.addThing("x", object{"fixed": "f", "box": object{"width": 1, "made": "m"}, "parts": []object{{"code": "c", "value": 1}},
			mayURN: object{"level": 1}})
		path := "/Everything/" + id
		whole := func(more object) object {
			return everything("x", object{"fixed": "f", "box": object{"width": 1, "made": "m"}, "parts": []object{{"code": "c", "value": 1}}}, more)
		}
		before := c.do("GET", path, nil).must(200).body
		for name, ops := range map[string][]object{
			"replace what is fixed":    {op("replace", "fixed", "g")},
			"remove it":                {{"op": "remove", "path": "fixed"}},
			"replace a fixed part":     {op("replace", "box.made", "n")},
			"remove it with all":       {{"op": "remove", "path": "box"}},
			"edit a fixed part of one": {op("replace", `parts[value eq 1].code`, "d")},
			"write what is read-only":  {op("add", "given", "g")},
			"remove what is required":  {{"op": "remove", "path": "label"}},
			"remove the extension":     {{"op": "remove", "path": mustURN}},
			"or what it must have":     {{"op": "remove", "path": mustURN + ":site"}},
			"or what the other must":   {{"op": "remove", "path": mayURN + ":level"}},
			"late in a request":        {op("replace", "label", "y"), op("replace", "fixed", "g")},
		} {
			a := c.do("PATCH", path, patch(ops...))
			if a.status != 400 || a.text("scimType") != "mutability" {
				t.Errorf("%s: %d %s, want mutability", name, a.status, a.body)
			}
		}
		c.do("PUT", path, whole(object{"fixed": "g"})).scimError(400, "mutability", "fixed")
		c.do("PUT", path, whole(object{"box": object{"width": 1, "made": "n"}})).scimError(400, "mutability", "box.made")
		if after := c.do("GET", path, nil).must(200).body; after != before {
			t.Errorf("what was refused left something:\n%s\nwant\n%s", after, before)
		}
		c.do("PATCH", path, patch(object{"op": "remove", "path": `parts[value eq 1]`}, op("add", "parts", []object{{"code": "d", "value": 1}}))).must(200)
		c.do("PATCH", path, patch(object{"op": "remove", "path": mayURN})).must(200)
	})
}

// RFC 7644 §3.5.2 on every kind of attribute.
func TestOwnTypes_patch(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		id := c.addThing("x", object{"box": object{"width": 1}, "numbers": []int{1, 2}, "members": []string{"One"},
			"parts": []object{{"value": 1, "type": "a"}, {"value": 2, "type": "b", "tags": []string{"t"}}}})
		for _, step := range []struct {
			op   object
			path []any
			want string
		}{
			{op("replace", "flag", true), []any{"flag"}, "true"},
			{op("add", "count", json.Number("9007199254740993")), []any{"count"}, "9007199254740992"}, // as a float64 reads it
			{op("replace", "ratio", 1e-3), []any{"ratio"}, "0.001"},
			{op("replace", "at", "2026-01-31T08:00:00+01:00"), []any{"at"}, `"2026-01-31T08:00:00+01:00"`},
			{op("replace", "blob", "AAEC"), []any{"blob"}, `"AAEC"`},
			{op("add", "numbers", []int{2, 3}), []any{"numbers"}, "[1,2,3]"},
			{op("remove", "numbers", []int{1}), []any{"numbers"}, "[2,3]"},
			{op("remove", "members", []string{"one"}), []any{"members"}, "null"},
			{object{"op": "remove", "path": `numbers[value gt 2]`}, []any{"numbers"}, "[2]"},
			{op("replace", "displayName", object{"fr": "Un"}), []any{"displayName"}, `{"fr":"Un"}`},
			{op("replace", "displayName.en", "One"), []any{"displayName"}, `{"en":"One","fr":"Un"}`},
			{op("add", "box.labels", []string{"a", "b"}), []any{"box", "labels"}, `["a","b"]`},
			{op("add", "box.labels", "c"), []any{"box", "labels"}, `["a","b","c"]`},
			{op("remove", "box.labels", []string{"b"}), []any{"box", "labels"}, `["a","c"]`},
			{object{"op": "remove", "path": "box.labels"}, []any{"box"}, `{"width":1}`},
			{op("replace", `parts[type eq "B"].weight`, 2.5), []any{"parts", 1, "weight"}, "2.5"},
			{op("add", `parts[value eq 2].tags`, []string{"u"}), []any{"parts", 1, "tags"}, `["t","u"]`},
			{op("add", `parts[type eq "new"].value`, 7), []any{"parts", 2}, `{"type":"new","value":7}`},
			{object{"op": "remove", "path": `parts[value le 2 or not (type pr)]`}, []any{"parts"}, `[{"type":"new","value":7}]`},
			{op("add", mayURN+":level", 3), []any{mayURN, "level"}, "3"},
			{op("replace", mayURN+":urn:example:scim:schemas:extension:inner:2.0:Everything.depth", 4),
				[]any{mayURN, "urn:example:scim:schemas:extension:inner:2.0:Everything"}, `{"depth":4}`},
			{op("replace", "note", "found without its URN"), []any{mayURN, "note"}, `"found without its URN"`},
			{op("replace", "flag", nil), []any{"flag"}, "null"},
		} {
			a := c.do("PATCH", "/Everything/"+id, patch(step.op)).must(200)
			got, _ := json.Marshal(c.do("GET", "/Everything/"+id, nil).must(200).at(step.path...))
			if string(got) != step.want {
				t.Errorf("%v: %v is %s, want %s\n%s", step.op, step.path, got, step.want, a.body)
			}
		}
	})
}

// RFC 7643 §2.2 `returned`: never and write-only values are in no answer, no filter, no order and no record; they are
// stored sealed, kept by a PUT that leaves them out, and removed by a null.
func TestOwnTypes_returned(t *testing.T) {
	eachEverything(t, func(t *testing.T, c tenant) {
		lasting := c.world
		recording, stop := c.recorded()
		c.world = recording
		const hush = "hush-hush-"
		id := c.addThing("x", object{
			"secret": hush + "1", "buried": hush + "2", "asked": "a", "always": "b", "box": object{"width": 1, "key": hush + "3"},
			"parts": []object{{"value": 1, "key": hush + "4"}, {"value": 2}, {"key": hush + "5"}}, mayURN: object{"level": 1, "pin": hush + "6"},
		})
		path := "/Everything/" + id
		answers := []answer{
			c.do("GET", path, nil).must(200), c.do("GET", path+"?attributes=secret,buried,asked,box.key,parts.key,"+mayURN+":pin,"+mayURN, nil).must(200),
			c.do("GET", path+"?attributes=box,parts", nil).must(200), c.do("GET", "/Everything?excludedAttributes=label", nil).must(200),
			c.do("PATCH", path, patch(op("replace", "secret", hush+"7"), op("replace", "parts[value eq 1].key", hush+"8"))).must(200),
			c.do("PUT", path, everything("x", object{"box": object{"width": 2}, mayURN: object{"level": 2}})).must(200),
			c.do("POST", "/Everything", everything("y", object{"buried": strings.ToUpper(hush) + "2"})).must(409),
			c.do("GET", `/Everything?filter=secret eq "`+hush+`1"`, nil).must(400), c.do("GET", `/Everything?filter=buried pr`, nil).must(400),
			c.do("GET", `/Everything?filter=parts[key sw "h"]`, nil).must(400), c.do("GET", `/Everything?filter=box.key pr`, nil).must(400),
			c.do("GET", `/Everything?sortBy=buried`, nil), c.do("GET", `/Everything?sortBy=box.key`, nil),
		}
		if a := answers[1]; a.text("asked") != "a" || a.text("always") != "b" || a.at("label") != nil {
			t.Errorf("asked for: %s", a.body)
		}
		if a := answers[0]; a.at("asked") != nil || a.text("always") != "b" || a.at("box", "width") != 1.0 {
			t.Errorf("not asked for: %s", a.body)
		}
		stop()
		c.world = lasting // the recording server is closed
		kept, err := c.db.Exchanges(context.Background(), c.company, c.connection.ID, 50)
		if err != nil || len(kept) < len(answers) {
			t.Fatalf("%d exchanges, %v", len(kept), err)
		}
		for _, e := range kept {
			answers = append(answers, answer{call: "the record of " + e.Method + " " + e.Path, body: e.Path + string(e.Request) + string(e.Response)})
		}
		entries, err := c.db.Entries(context.Background(), c.company, audit.Query{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer{call: "the audit record", body: fmt.Sprint(entries)})
		for _, a := range answers {
			if strings.Contains(strings.ToLower(a.body), hush) {
				t.Errorf("%s tells what is never returned:\n%s", a.call, a.body)
			}
		}
		// Kept by the PUT: its unique value is still taken. Gone by a null.
		c.do("POST", "/Everything", everything("y", object{"buried": hush + "2"})).scimError(409, "uniqueness", "buried")
		c.do("PATCH", path, patch(op("replace", "buried", nil))).must(200)
		c.do("POST", "/Everything", everything("y", object{"buried": hush + "2"})).must(201)
	})
}
