package db_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/resources/filter"
)

const (
	idAnna  = "00000000-0000-7000-8000-00000000000a"
	idBob   = "00000000-0000-7000-8000-00000000000b"
	idCleo  = "00000000-0000-7000-8000-00000000000c"
	idStaff = "00000000-0000-7000-8000-0000000000f1"
	idEmpty = "00000000-0000-7000-8000-0000000000f2"
)

// cast is a small company: Anna has nearly everything, Bob the same in other words, Cleo nothing but a userName.
func cast(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := newWorld(d)
	w.add(t, object{typ: resources.TypeUser, id: idAnna, externalID: "0042", body: `{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"userName": "Anna@Example.com", "displayName": "Anna Lefèvre", "title": "100% \"it's\"_\\", "active": true,
		"name": {"givenName": "Anna", "familyName": "LEFÈVRE"},
		"emails": [{"value": "Anna@Example.com", "type": "work", "primary": true}, {"value": "anna@home.example", "type": "home", "display": "At home"}],
		"phoneNumbers": [{"value": "tel:+33-1", "type": "Work", "size": 42, "weight": 4.25}, {"value": "tel:+33-2", "primary": true, "size": -7}],
		"x509Certificates": [{"value": "AAEC"}], "photos": [{"value": "https://example.com/Anna.jpg"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "E-7", "department": "Compta", "manager": {"value": "` + idBob + `"}},
		"urn:proprio:scim:schemas:extension:ownership:1.0:User": {"kind": "contractor", "endDate": "2026-06-30T23:59:59+02:00"}}`})
	w.add(t, object{typ: resources.TypeUser, id: idBob, externalID: "E-8", body: `{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"userName": "bob", "displayName": "Bob", "title": "x' or '1'='1", "active": false, "nickName": "",
		"emails": [{"value": "bob@bücher.example", "type": "home"}],
		"urn:proprio:scim:schemas:extension:ownership:1.0:User": {"hold": "outside domain", "endDate": "2026-06-30T21:59:59Z"}}`})
	w.add(t, object{typ: resources.TypeUser, id: idCleo, body: `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "cleo"}`})
	w.add(t, object{typ: resources.TypeGroup, id: idStaff, body: `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Staff"}`,
		members: []resources.Member{{ID: idAnna, Type: resources.TypeUser}, {ID: idCleo, Type: resources.TypeUser}}})
	w.add(t, object{typ: resources.TypeGroup, id: idEmpty, body: `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Leer"}`})
	w.link()
	return w
}

// short names ids by the letters that follow in the cast.
func short(ids []string) string {
	names := map[string]string{idAnna: "A", idBob: "B", idCleo: "C", idStaff: "S", idEmpty: "E"}
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(names[id])
	}
	return b.String()
}

func TestFind_RFC7644_3_4_2_2(t *testing.T) {
	t.Parallel()
	cases := map[string][]struct{ filter, want string }{
		"every operator on text in any letter case": {
			{`displayName eq "anna lefèvre"`, "A"}, {`displayName ne "ANNA LEFÈVRE"`, "BC"}, {`displayName co "LEF"`, "A"}, {`displayName sw "ANNA"`, "A"},
			{`displayName ew "ÈVRE"`, "A"}, {`displayName pr`, "AB"}, {`displayName gt "anna"`, "AB"}, {`displayName ge "bob"`, "B"},
			{`displayName lt "bob"`, "A"}, {`displayName le "bob"`, "AB"}, {`name.familyName eq "lefèvre"`, "A"}, {`name.givenName lt "b"`, "A"},
		},
		"every operator on exact text": {
			{`externalId eq "E-8"`, "B"}, {`externalId eq "e-8"`, ""}, {`externalId ne "E-8"`, "AC"}, {`externalId co "-"`, "B"}, {`externalId sw "00"`, "A"},
			{`externalId ew "42"`, "A"}, {`externalId gt "0042"`, "B"}, {`externalId le "0042"`, "A"}, {`externalId pr`, "AB"},
			{`id eq "` + idBob + `"`, "B"}, {`id eq "` + strings.ToUpper(idBob) + `"`, ""}, {`id sw "0000"`, "ABC"}, {`id gt "` + idAnna + `"`, "BC"},
			{`id eq "nonsense"`, ""}, {`id pr`, "ABC"},
		},
		"every operator on a boolean": {
			{`active eq true`, "AC"}, {`active eq false`, "B"}, {`active ne false`, "AC"}, {`active ne true`, "B"}, {`active pr`, "AB"}, {`not (active pr)`, "C"},
			{`active eq "True"`, "AC"}, {`active eq "FALSE"`, "B"}, {`phoneNumbers.primary eq true`, "A"}, {`phoneNumbers[primary eq false]`, "A"},
			{`emails.primary eq false`, "AB"}, {`emails[primary pr]`, "A"},
		},
		"every operator on a time, by its instant": {
			{enterpriseOwn + `endDate eq "2026-06-30T21:59:59Z"`, "AB"}, {enterpriseOwn + `endDate ne "2026-06-30T21:59:59Z"`, "C"},
			{enterpriseOwn + `endDate gt "2026-06-30T23:59:58.999999+02:00"`, "AB"}, {enterpriseOwn + `endDate ge "2026-06-30T23:59:59"`, ""},
			{enterpriseOwn + `endDate lt "2026-06-30T23:59:59Z"`, "AB"}, {enterpriseOwn + `endDate le "2026-06-30T21:59:58Z"`, ""}, {enterpriseOwn + `endDate pr`, "AB"},
			{`meta.created eq "2026-01-31T08:00:00.123456Z"`, "A"}, {`meta.created gt "2026-01-31T08:00:00.123456Z"`, "BC"},
			{`meta.created le "2026-01-31T09:01:00.123456+01:00"`, "AB"}, {`meta.lastModified lt "2026-01-31T09:01:00Z"`, "A"}, {`meta.created pr`, "ABC"},
		},
		"binary and reference": {
			{`x509Certificates.value eq "AAEC"`, "A"}, {`x509Certificates.value eq "aaec"`, ""}, {`x509Certificates eq "AAEC"`, "A"},
			{`photos co "example.com/Anna"`, "A"}, {`photos.value pr`, "A"},
		},
		"addresses, of which the id counts": {
			{`meta.location eq "https://proprio.example/scim/v2/Users/` + idBob + `"`, "B"}, {`meta.location ne "../Users/` + idBob + `"`, "AC"}, {`meta.location pr`, "ABC"},
			{`meta.location eq "` + idBob + `"`, ""}, {`meta.location eq ""`, ""}, {`meta.location eq null`, ""}, {`meta[location eq "/Users/` + idBob + `"]`, "B"},
			{`manager.$ref eq "https://proprio.example/scim/v2/Users/` + idBob + `"`, "A"}, {`manager.$ref pr`, "A"}, {`manager.$ref eq null`, "BC"},
			{`groups.$ref eq "../Groups/` + idStaff + `"`, "AC"}, {`groups[$ref eq "../Groups/` + idStaff + `" and display sw "ST"]`, "AC"}, {`groups.$ref ne "../Groups/` + idStaff + `"`, "B"},
		},
		"the other meta": {
			{`meta.resourceType eq "User"`, "ABC"}, {`meta.resourceType eq "Group"`, ""}, {`meta.resourceType eq "user"`, ""}, {`meta.version eq "W/\"1\""`, "ABC"},
			{`meta.version eq "1"`, ""}, {`meta pr`, "ABC"}, {`meta[created gt "2026-01-31T08:00:30Z"]`, "BC"},
		},
		"present, null and the unassigned (protocol.md 2.4, 43)": {
			{`title eq null`, "C"}, {`title ne null`, "AB"}, {`nickName pr`, ""}, {`nickName eq null`, "ABC"}, {`nickName eq ""`, ""}, {`nickName co ""`, ""}, {`title co ""`, "AB"},
			{`title ge ""`, "AB"}, {`title lt "zzz"`, "AB"}, {`nickName le "z"`, ""}, {`emails pr`, "AB"}, {`emails eq null`, "C"}, {`emails.value ne null`, "AB"},
			{`name pr`, "A"}, {`name eq null`, "BC"}, {`manager pr`, "A"}, {`groups pr`, "AC"}, {`groups eq null`, "B"}, {`emails.display pr`, "A"}, {`userType ne "x"`, "ABC"},
		},
		"not at any depth": {
			{`not (title pr)`, "C"}, {`not (not (title pr))`, "AB"}, {`not (title co "100" or active eq false)`, "C"}, {`not (name.givenName eq "anna" and active eq true)`, "BC"},
			{`not (emails[type eq "work"])`, "BC"}, {`not emails[type eq "work"]`, "BC"}, {`emails[not (type eq "work")]`, "AB"}, {`emails[not (type eq "home") and not (value sw "x")]`, "A"},
			{`not (externalId pr)`, "C"}, {`not (phoneNumbers[not (type eq "work")])`, "BC"}, {`not (name.familyName gt "a") or title pr`, "ABC"},
		},
		"logic": {
			{`title pr and active eq true or userName eq "bob"`, "AB"}, {`title pr and (active eq true or userName eq "cleo")`, "A"}, {`userName eq "a" or userName eq "bob" or userName eq "cleo"`, "BC"},
		},
		"Q21: four ways to ask for an address": {
			{`emails[type eq "work"].value eq "anna@example.COM"`, "A"}, {`emails.value eq "ANNA@home.example"`, "A"}, {`emails eq "anna@example.com"`, "A"},
			{`emails[value eq "anna@example.com"]`, "A"}, {`emails[type eq "home"].value eq "anna@example.com"`, ""}, {`emails[type eq "untyped"].value eq "x"`, ""},
			{`emails[type eq "work" and value co "@EXAMPLE"]`, "A"}, {`emails co "@example"`, "A"}, {`emails ew "@bücher.example"`, "B"},
			{`emails eq "bob@xn--bcher-kva.example"`, "B"}, {`emails[value eq "anna@home.example" and display eq "at home"]`, "A"}, {`emails.value ne "bob@bücher.example"`, "AC"},
			{`emails[value ne "anna@example.com"]`, "AB"}, {`emails[type eq "work"].value pr`, "A"},
		},
		"Q22: userName in any letter case": {
			{`userName eq "ANNA@example.com"`, "A"}, {`USERNAME EQ "Bob"`, "B"}, {`userName sw "ANNA"`, "A"}, {`userName co "L"`, "AC"}, {`userName ew "EO"`, "C"}, {`userName gt "BOB"`, "C"},
		},
		"Q23: attributes of extensions, with and without URN": {
			{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "compta"`, "A"}, {`urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:EmployeeNumber eq "e-7"`, "A"},
			{`department eq "Compta"`, "A"}, {`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bob"`, "B"}, {`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "` + idBob + `"`, "A"},
			{`manager eq "` + idBob + `"`, "A"}, {`id eq "` + idAnna + `" and manager eq "` + idBob + `"`, "A"}, {`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department pr`, "A"},
			{enterpriseOwn + `hold pr`, "B"}, {enterpriseOwn + `hold co "OUTSIDE"`, "B"}, {enterpriseOwn + `kind eq "contractor"`, "A"},
			{`schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`, "A"}, {`schemas[value co "core:2.0"]`, "ABC"}, {`schemas pr`, "ABC"},
		},
		"nothing has a meaning to the database": {
			{`title eq "x' or '1'='1"`, "B"}, {`title co "' or '"`, "B"}, {`title co "%"`, "A"}, {`title sw "1__"`, ""}, {`title sw "100%"`, "A"}, {`title co "_"`, "A"}, {`title ew "\\"`, "A"},
			{`title co "\"it's\""`, "A"}, {`userName eq "%"`, ""}, {`userName eq "bob'; drop table resources; --"`, ""}, {`displayName eq "?"`, ""}, {`displayName eq "$1"`, ""},
			{`externalId eq "' or 1=1 --"`, ""}, {`emails eq "%@%"`, ""}, {`emails[type eq "' or '1'='1"]`, ""}, {`userName co "😀"`, ""},
		},
		"groups of a User": {
			{`groups eq "` + idStaff + `"`, "AC"}, {`groups.display eq "staff"`, "AC"}, {`groups[display sw "ST" and value eq "` + idStaff + `"]`, "AC"}, {`groups.type eq "direct"`, "AC"}, {`groups.value ne "` + idStaff + `"`, "B"},
		},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cast(t, d)
		for name, list := range cases {
			t.Run(name, func(t *testing.T) {
				for _, c := range list {
					w.expect(t, resources.TypeUser, c.filter, c.want)
				}
			})
		}
	})
}

const enterpriseOwn = "urn:proprio:scim:schemas:extension:ownership:1.0:User:"

// expect holds both the database and Match to an answer.
func (w *world) expect(t *testing.T, typ, text, want string) {
	t.Helper()
	cond := w.bind(t, typ, text)
	if got := short(w.find(t, w.caller, typ, cond)); got != want {
		t.Errorf("%s: SQL finds %q, want %q", text, got, want)
	}
	if got := short(w.match(typ, cond)); got != want {
		t.Errorf("%s: Match finds %q, want %q", text, got, want)
	}
}

func TestFind_Q28_MembershipProbe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cast(t, d)
		for text, want := range map[string]string{
			`id eq "` + idStaff + `" and members eq "` + idAnna + `"`: "S", `id eq "` + idEmpty + `" and members eq "` + idAnna + `"`: "",
			`members[value eq "` + idCleo + `"]`: "S", `members.$ref eq "../Users/` + idCleo + `"`: "S", `members.$ref eq "../Users/` + idBob + `"`: "", `members.$ref pr`: "S", `members.value eq "` + idBob + `"`: "", `members.value ne "` + idAnna + `"`: "E",
			`members pr`: "S", `members eq null`: "E", `members.type eq "user"`: "S", `members[type eq "Group"]`: "", `members.display co "LEF"`: "S", `members.display eq "cleo"`: "S",
			`members[value eq "` + idAnna + `" or value eq "` + idBob + `"]`: "S", `members[not (value eq "` + idAnna + `")]`: "S", `displayName eq "STAFF"`: "S", `displayName ne "staff"`: "E",
			`meta.resourceType eq "Group"`: "SE",
		} {
			w.expect(t, resources.TypeGroup, text, want)
		}
	})
}

// Integers and decimals are in no schema yet; resource types of a company's own may have them.
func TestFindNumbers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cast(t, d)
		phones := w.registry.Type(resources.TypeUser).Attribute("phoneNumbers")
		size := &resources.Attribute{Name: "size", Kind: resources.KindInteger, Parent: phones}
		weight := &resources.Attribute{Name: "weight", Kind: resources.KindDecimal, Parent: phones}
		for _, c := range []struct {
			cond resources.Condition
			want string
		}{
			{resources.Compare{Attribute: size, Op: "eq", Value: int64(42)}, "A"}, {resources.Compare{Attribute: size, Op: "eq", Value: int64(4)}, ""},
			{resources.Compare{Attribute: size, Op: "gt", Value: int64(9)}, "A"}, {resources.Compare{Attribute: size, Op: "gt", Value: int64(42)}, ""},
			{resources.Compare{Attribute: size, Op: "ge", Value: int64(42)}, "A"}, {resources.Compare{Attribute: size, Op: "lt", Value: int64(-6)}, "A"},
			{resources.Compare{Attribute: size, Op: "le", Value: int64(-8)}, ""}, {resources.Compare{Attribute: weight, Op: "eq", Value: 4.25}, "A"},
			{resources.Compare{Attribute: weight, Op: "lt", Value: 4.3}, "A"}, {resources.Compare{Attribute: weight, Op: "ge", Value: 10.0}, ""},
			{resources.Not{Term: resources.Compare{Attribute: weight, Op: "eq", Value: 4.25}}, "A"}, // the second number has no weight
			{resources.Present{Attribute: weight}, "A"},
		} {
			cond := resources.Element{Attribute: phones, Where: c.cond}
			if got := short(w.find(t, w.caller, resources.TypeUser, cond)); got != c.want {
				t.Errorf("%+v: SQL finds %q, want %q", c.cond, got, c.want)
			}
			if got := short(w.match(resources.TypeUser, cond)); got != c.want {
				t.Errorf("%+v: Match finds %q, want %q", c.cond, got, c.want)
			}
		}
	})
}

func TestFindStaysInTheCompanyAndTheConnection(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, other := cast(t, d), newWorld(d)
		other.add(t, object{typ: resources.TypeUser, externalID: "0042",
			body: `{"schemas": ["x"], "userName": "anna@example.com", "emails": [{"value": "anna@example.com"}]}`})
		elsewhere := w.caller
		elsewhere.Connection = other.caller.Connection
		for _, c := range []struct {
			caller       resources.Caller
			filter, want string
		}{
			{w.caller, `externalId eq "0042"`, "A"}, {elsewhere, `externalId eq "0042"`, ""}, {elsewhere, `externalId pr`, ""},
			{elsewhere, `externalId ne "0042"`, "ABC"}, {elsewhere, `not (externalId sw "0")`, "ABC"}, {elsewhere, `userName pr`, "ABC"},
			{w.caller, `userName eq "anna@example.com"`, "A"}, {w.caller, `emails eq "anna@example.com"`, "A"}, {w.caller, `emails pr`, "AB"},
			{w.caller, `not (title eq "x")`, "ABC"}, {w.caller, `id eq "` + other.views[resources.TypeUser][0].Resource.ID + `"`, ""},
			{other.caller, `groups eq "` + idStaff + `"`, ""}, {other.caller, `userName eq "bob" or title pr`, ""},
		} {
			if diff := cmp.Diff(c.want, short(w.find(t, c.caller, resources.TypeUser, w.bind(t, resources.TypeUser, c.filter)))); diff != "" {
				t.Errorf("%s: %s", c.filter, diff)
			}
		}
	})
}

// What the parser and the binding let through, both databases must be able to answer.
func TestFindAnswersTheLargestFilters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := cast(t, d)
		for _, c := range []struct {
			term, word string
			limit      int
		}{
			{`emails eq "x"`, " and ", filter.MaxTerms}, {`groups pr`, " and ", resources.MaxScans},
			{`photos co "x"`, " or ", resources.MaxScans}, {`externalId pr`, " or ", resources.MaxScans},
			{`externalId eq "x"`, " or ", filter.MaxTerms}, {`manager ne "x"`, " and ", filter.MaxTerms},
		} {
			most := min(c.limit, filter.MaxLength/(len(c.term+c.word)))
			text := strings.Repeat(c.term+c.word, most-1) + c.term
			w.expect(t, resources.TypeUser, text, short(w.match(resources.TypeUser, w.bind(t, resources.TypeUser, c.term))))
		}
		w.expect(t, resources.TypeUser, strings.Repeat("not (", filter.MaxDepth)+"title pr"+strings.Repeat(")", filter.MaxDepth), "AB")
	})
}
