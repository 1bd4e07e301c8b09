package scim_test

import (
	"slices"
	"strings"
	"testing"
)

// patched makes one User, sends it operations, and returns the answer.
func (c tenant) patched(has object, ops ...object) answer {
	c.t.Helper()
	id := c.addUser("patched@societe.example", has)
	defer c.do("DELETE", "/Users/"+id, nil)
	return c.do("PATCH", "/Users/"+id, patch(ops...))
}

// Q30: without a path the keys of the value are attributes, whole or in part: nested objects, dotted names, names behind
// a URN, value paths, all of them mixed, for add as for replace.
func TestQ30_KeysThatArePaths(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		has := object{
			"name": object{"familyName": "Roux", "middleName": "M"}, "phoneNumbers": []object{{"value": "1", "type": "work"}, {"value": "2", "type": "home"}},
			enterpriseURN: object{"department": "D", "division": "V"},
		}
		for _, kind := range []string{"add", "Replace"} {
			a := c.patched(has, object{"op": kind, "value": object{
				"displayName": "Zoé", "name.givenName": "Z", "name": object{"middleName": "N"}, enterpriseURN + ":employeeNumber": "7",
				enterpriseURN: object{"division": "W"}, `phoneNumbers[type eq "work"].value`: "3", "emails[type eq \"work\"].value": "z@societe.example",
				"addresses[type eq \"work\"].locality": "Brest", userURN + ":title": "T", "id": "other",
			}}).must(200)
			for want, path := range map[string][]any{
				"Zoé": {"displayName"}, "Z": {"name", "givenName"}, "Roux": {"name", "familyName"}, "N": {"name", "middleName"}, "7": {enterpriseURN, "employeeNumber"},
				"W": {enterpriseURN, "division"}, "D": {enterpriseURN, "department"}, "3": {"phoneNumbers", 0, "value"}, "2": {"phoneNumbers", 1, "value"},
				"z@societe.example": {"emails", 0, "value"}, "Brest": {"addresses", 0, "locality"}, "T": {"title"},
			} {
				if got := a.text(path...); got != want {
					t.Errorf("%s: %v is %q, want %q", kind, path, got, want)
				}
			}
			if a.text("id") == "other" {
				t.Error("the client's id won")
			}
		}
	})
}

// Q31: a value path that fits nothing makes the value that it describes, for add and for replace alike: with the terms of
// its filter, beside the others, and not primary unless it says so. Where the filter does not describe one, 400 noTarget.
func TestQ31_AValuePathMakesWhatItDescribes(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		has := object{
			"emails":       []object{{"value": "h@home.example", "type": "home", "primary": true}},
			"phoneNumbers": []object{{"value": "1", "type": "work"}, {"value": "2", "type": "mobile"}},
		}
		for _, kind := range []string{"Add", "Replace"} {
			for path, tt := range map[string]struct {
				value any
				list  string
				want  object
			}{
				`emails[type eq "work"].value`:                                 {"w@societe.example", "emails", object{"type": "work", "value": "w@societe.example"}},
				`phoneNumbers[type eq "fax"].value`:                            {"3", "phoneNumbers", object{"type": "fax", "value": "3"}},
				`addresses[type eq "work"].country`:                            {"FR", "addresses", object{"type": "work", "country": "FR"}},
				`emails[type eq "work" and primary eq true].value`:             {"p@societe.example", "emails", object{"type": "work", "primary": true, "value": "p@societe.example"}},
				`roles[primary eq "True"].display`:                             {"D", "roles", object{"primary": true, "display": "D"}},
				`emails[type eq "work"]`:                                       {object{"value": "o@societe.example"}, "emails", object{"type": "work", "value": "o@societe.example"}},
				`phoneNumbers[type eq "fax" and display eq "Fax"].value`:       {"4", "phoneNumbers", object{"type": "fax", "display": "Fax", "value": "4"}},
				`addresses[type eq "work" and locality eq "Brest"].postalCode`: {"29200", "addresses", object{"type": "work", "locality": "Brest", "postalCode": "29200"}},
			} {
				a := c.patched(has, op(kind, path, tt.value)).must(200)
				list, _ := a.at(tt.list).([]any)
				before, _ := has[tt.list].([]object)
				if len(list) != len(before)+1 || !sameJSON(t, asJSON(t, list[len(list)-1]), asJSON(t, tt.want)) {
					t.Errorf("%s %s: %s is %v, want %v at its end", kind, path, tt.list, list, tt.want)
					continue
				}
				for i, b := range before {
					if b["primary"] == true && tt.want["primary"] == true {
						continue // the new one takes over
					}
					if !sameJSON(t, asJSON(t, list[i]), asJSON(t, b)) {
						t.Errorf("%s %s: the value beside it became %v", kind, path, list[i])
					}
				}
			}
			for _, path := range []string{
				`emails[type ne "home"].value`, `emails[type eq "work" or type eq "other"].value`, `emails[value co "x"].type`, `emails[not (type eq "home")].value`,
				`phoneNumbers[type sw "f"].value`, `emails[type eq "work" and type eq "other"].value`, `addresses[type pr].country`,
			} {
				c.patched(nil, op(kind, path, "x")).scimError(400, "noTarget", "")
			}
		}
	})
}

// Q32: a remove with a list takes away what is in the list, in every form, and a remove without a value takes all.
func TestQ32_RemoveOfMembers(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		u, v, x := c.addUser("q32u@societe.example"), c.addUser("q32v@societe.example"), c.addUser("q32x@societe.example")
		for name, tt := range map[string]struct {
			op   object
			left []string
		}{
			"list of objects":    {op("Remove", "members", []object{{"value": u, "$ref": nil}}), []string{v, x}},
			"list of two":        {op("Remove", "members", []object{{"value": u}, {"value": v}}), []string{x}},
			"nested (SF)":        {op("remove", "members", object{"members": []object{{"value": u}}}), []string{v, x}},
			"bare text":          {op("remove", "members", u), []string{v, x}},
			"list of texts":      {op("remove", "members", []string{u, v}), []string{x}},
			"one object":         {op("remove", "members", object{"value": u}), []string{v, x}},
			"value path":         {object{"op": "remove", "path": `members[value eq "` + u + `"]`}, []string{v, x}},
			"value path with or": {object{"op": "remove", "path": `members[value eq "` + u + `" or value eq "` + v + `"]`}, []string{x}},
			"without a value":    {object{"op": "remove", "path": "members"}, nil},
		} {
			group := c.addGroup("Q32 "+name, u, v, x)
			c.do("PATCH", "/Groups/"+group, patch(tt.op)).must(200)
			if got := c.members(group); !sameIDs(got, tt.left) {
				t.Errorf("%s leaves %v, want %v", name, got, tt.left)
			}
		}
	})
}

func sameIDs(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// Q33: a remove of an empty list removes nothing.
func TestQ33_RemoveOfNothing(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		u := c.addUser("q33@societe.example")
		group := c.addGroup("Q33", u)
		for _, value := range []any{[]any{}, object{"members": []any{}}, ""} {
			c.do("PATCH", "/Groups/"+group, patch(op("Remove", "members", value))).must(200)
			if got := c.members(group); !sameIDs(got, []string{u}) {
				t.Fatalf("a remove of %v leaves %v", value, got)
			}
		}
	})
}

// Q34: to add one who is a member, or to remove one who is not, is a success that changes nothing.
func TestQ34_MembershipTwice(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "jumpcloud")
		in, out := c.addUser("q34a@societe.example"), c.addUser("q34b@societe.example")
		group := c.addGroup("Q34", in)
		before := c.do("GET", "/Groups/"+group, nil).must(200)
		for _, o := range []object{op("add", "members", []object{{"value": in}}), op("remove", "members", []object{{"value": out}})} {
			c.do("PATCH", "/Groups/"+group, patch(o)).must(200)
			after := c.do("GET", "/Groups/"+group, nil).must(200)
			if after.body != before.body || after.header.Get("ETag") != before.header.Get("ETag") {
				t.Errorf("%v changed the Group: %s", o, after.body)
			}
		}
	})
}

// Q35: a replace of members with a list is the whole set, and with an empty one nobody.
func TestQ35_ReplaceOfMembers(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "okta")
		u, v, x := c.addUser("q35u@societe.example"), c.addUser("q35v@societe.example"), c.addUser("q35x@societe.example")
		group := c.addGroup("Q35", u, v)
		for _, tt := range []struct {
			value any
			want  []string
		}{
			{[]object{{"value": v}, {"value": x}}, []string{v, x}}, {[]any{}, nil}, {[]object{{"value": u}}, []string{u}}, {nil, nil},
		} {
			c.do("PATCH", "/Groups/"+group, patch(op("replace", "members", tt.value))).must(200)
			if got := c.members(group); !sameIDs(got, tt.want) {
				t.Errorf("after a replace with %v: %v", tt.value, got)
			}
		}
	})
}

// Q36: the manager, in every form and on every path.
func TestQ36_Managers(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		boss := c.addUser("boss@societe.example", object{"displayName": "The Boss"})
		path := "/Users/" + c.addUser("q36@societe.example", object{enterpriseURN: object{"department": "D"}})
		manager := func(a answer) string { return a.must(200).text(enterpriseURN, "manager", "value") }
		clear := patch(object{"op": "remove", "path": enterpriseURN + ":manager"})
		for _, where := range []string{"manager", enterpriseURN + ":manager", enterpriseURN + ".manager"} {
			for _, value := range []any{
				boss, object{"value": boss}, []object{{"value": boss}}, []object{{"$ref": "x", "value": boss}}, object{"managerId": boss},
			} {
				for _, kind := range []string{"Add", "replace"} {
					a := c.do("PATCH", path, patch(op(kind, where, value)))
					if got := manager(a); got != boss {
						t.Errorf("%s %s %v: manager %q", kind, where, value, got)
					}
					if a.text(enterpriseURN, "manager", "$ref") != base+"/Users/"+boss || a.text(enterpriseURN, "manager", "displayName") != "The Boss" {
						t.Errorf("the answer does not say who that is: %s", a.body)
					}
					c.do("PATCH", path, clear).must(200)
				}
			}
			for _, nothing := range []any{"", nil, object{}, object{"value": ""}, object{"value": nil}, []any{}} {
				if got := manager(c.do("PATCH", path, patch(op("replace", where, boss)))); got != boss {
					t.Fatalf("%s is not set", where)
				}
				a := c.do("PATCH", path, patch(op("Replace", where, nothing)))
				if got := manager(a); got != "" || a.text(enterpriseURN, "department") != "D" {
					t.Errorf("%s %v leaves %s", where, nothing, a.body)
				}
			}
		}
		for _, where := range []string{"manager.value", enterpriseURN + ":manager.value", enterpriseURN + ".manager.value"} {
			if got := manager(c.do("PATCH", path, patch(op("replace", where, boss)))); got != boss {
				t.Errorf("%s: manager %q", where, got)
			}
			if got := manager(c.do("PATCH", path, patch(op("replace", where, "")))); got != "" {
				t.Errorf("%s cleared: manager %q", where, got)
			}
		}
		made := c.do("POST", "/Users", user("q36b@societe.example", object{enterpriseURN: object{"manager": object{"managerId": boss}}})).must(201)
		if got := made.text(enterpriseURN, "manager", "value"); got != boss {
			t.Errorf("POST: manager %q", got)
		}
	})
}

// Q37: operations on one attribute apply in order, and all of them or none.
func TestQ37_InOrderAndAllOrNone(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		id := c.addUser("q37@societe.example", object{"title": "first"})
		a := c.do("PATCH", "/Users/"+id, patch(op("replace", "title", "second"), op("add", "title", "third"), op("Replace", "title", "last"))).must(200)
		if got := a.text("title"); got != "last" {
			t.Errorf("title %q", got)
		}
		c.do("PATCH", "/Users/"+id, patch(op("replace", "title", "lost"), op("replace", "active", "maybe"))).scimError(400, "invalidValue", "active")
		if after := c.do("GET", "/Users/"+id, nil); after.text("title") != "last" || after.text("meta", "version") != a.text("meta", "version") {
			t.Errorf("the failed request left %s", after.body)
		}
	})
}

// Q38: a replace of a complex attribute leaves the sub-attributes that it does not name; in interop mode it does not.
func TestQ38_ReplaceOfAComplexAttribute(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "entra")
		has := object{"name": object{"givenName": "Zoé", "familyName": "Roux", "formatted": "Zoé Roux"}}
		for setting, want := range map[string]string{"off": "Roux", "on": ""} {
			a := c.turn("interop", setting).patched(has, op("replace", "name", object{"givenName": "Chloé"})).must(200)
			if a.text("name", "givenName") != "Chloé" || a.text("name", "familyName") != want {
				t.Errorf("interop %s: %s", setting, a.body)
			}
			a = c.patched(has, op("add", "name", object{"givenName": "Chloé"})).must(200)
			if a.text("name", "familyName") != "Roux" {
				t.Errorf("interop %s: an add lost a sub-attribute: %s", setting, a.body)
			}
		}
	})
}

// Q39: what is required cannot be removed and what is read-only cannot be written, by path; without one, read-only
// attributes are ignored.
func TestQ39_RequiredAndReadOnly(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "okta")
		has := object{"title": "T"}
		for _, o := range []object{
			{"op": "remove", "path": "userName"}, op("replace", "id", "x"), op("replace", "meta.created", "2001-01-01T00:00:00Z"), op("add", "groups", []object{{"value": "g"}}),
		} {
			c.patched(has, op("replace", "title", "U"), o).scimError(400, "mutability", o["path"].(string))
		}
		group := c.addGroup("Q39")
		c.do("PATCH", "/Groups/"+group, patch(object{"op": "remove", "path": "displayName"})).scimError(400, "mutability", "displayName")
		a := c.do("PATCH", "/Groups/"+group, patch(object{"op": "replace", "value": object{"id": group, "displayName": "Q39b", "meta": object{"version": "x"}}})).must(200)
		if a.text("displayName") != "Q39b" || a.text("id") != group {
			t.Errorf("a whole Group without path: %s", a.body)
		}
	})
}

// Q40: one value for an attribute that has many, and a list of one for an attribute that has one.
func TestQ40_OneAndMany(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "onelogin")
		a := c.do("POST", "/Users", user("q40@societe.example", object{
			"emails": object{"value": "e@societe.example", "type": "work"}, "title": []string{"T"}, "active": []any{"true"}, "name": []object{{"givenName": "G"}}, "roles": "R",
		})).must(201)
		if a.text("emails", 0, "value") != "e@societe.example" || a.text("title") != "T" || a.at("active") != true || a.text("name", "givenName") != "G" || a.text("roles", 0, "value") != "R" {
			t.Errorf("POST: %s", a.body)
		}
		c.do("POST", "/Users", user("q40b@societe.example", object{"title": []string{"T", "U"}})).scimError(400, "invalidValue", "title")
		if b := c.patched(nil, op("add", "phoneNumbers", object{"value": "1", "type": "work"})).must(200); b.text("phoneNumbers", 0, "value") != "1" {
			t.Errorf("PATCH: %s", b.body)
		}
	})
}

// Q41: an add to one value is a replace, a replace of nothing is an add, and a remove of nothing is a success.
func TestQ41_AddReplaceAndRemoveOfNothing(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		if a := c.patched(object{"title": "T"}, op("add", "title", "U")).must(200); a.text("title") != "U" {
			t.Errorf("add: %s", a.body)
		}
		if a := c.patched(nil, op("replace", "title", "U")).must(200); a.text("title") != "U" {
			t.Errorf("replace: %s", a.body)
		}
		id := c.addUser("q41@societe.example")
		for _, path := range []string{"title", "name.givenName", "emails", `emails[type eq "work"]`, enterpriseURN + ":department", enterpriseURN} {
			a := c.do("PATCH", "/Users/"+id, patch(object{"op": "remove", "path": path})).must(200)
			if a.text("meta", "version") != `W/"1"` {
				t.Errorf("a remove of %s, which is not there, made version %s", path, a.text("meta", "version"))
			}
		}
	})
}

// Q42: as many operations as the limit, and one more is 413 with a detail that says so; patchOperations is the limit.
func TestQ42_ManyOperations(t *testing.T) {
	eachCommon(t, func(t *testing.T, w *world) {
		c := w.tenant(t.Name(), "")
		id := c.addUser("q42@societe.example")
		ops := make([]object, 1000)
		for i := range ops {
			ops[i] = op("replace", "title", "T"+itoa(i))
		}
		if a := c.do("PATCH", "/Users/"+id, patch(ops...)).must(200); a.text("title") != "T999" {
			t.Errorf("title %s", a.text("title"))
		}
		a := c.do("PATCH", "/Users/"+id, patch(append(ops, op("replace", "title", "lost"))...))
		a.scimError(413, "", "1000")
		if !strings.Contains(a.text("detail"), "1001") || c.do("GET", "/Users/"+id, nil).text("title") != "T999" {
			t.Errorf("one too many: %s", a.body)
		}
		c.turn("patchOperations", "2").do("PATCH", "/Users/"+id, patch(ops[:3]...)).scimError(413, "", "limit is 2")
		c.do("PATCH", "/Users/"+id, patch(ops[:2]...)).must(200)
		c.turn("patchOperations", "1001").do("PATCH", "/Users/"+id, patch(append(ops, op("replace", "title", "last"))...)).must(200)
	})
}
