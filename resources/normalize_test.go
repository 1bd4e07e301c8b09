package resources

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// build makes a draft of a resource from JSON, as Create does.
func build(t testing.TB, typ string, s Switches, text string) (*draft, error) {
	t.Helper()
	in, err := DecodeObject([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	d := newDraft(registry.Type(typ), s, nil)
	if err := d.assign(in); err != nil {
		return nil, err
	}
	return d, d.finish()
}

// registry is compiled once for all tests; nothing writes to it.
var registry = NewRegistry()

// expand writes out the URNs that tests abbreviate.
func expand(s string) string {
	return strings.NewReplacer("CORE", SchemaUser, "ENT", SchemaEnterprise, "OWN", SchemaOwnership).Replace(s)
}

// wantDocument compares a document, but for schemas, with JSON.
func wantDocument(t *testing.T, got Document, want string) {
	t.Helper()
	in, err := DecodeObject([]byte(expand(want)))
	if err != nil {
		t.Fatalf("want %s: %v", want, err)
	}
	if _, told := in["schemas"]; !told {
		in["schemas"] = got["schemas"]
	}
	if diff := cmp.Diff(in, map[string]any(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// wantFault checks the kind of an error, the path it names, and what it tells.
func wantFault(t *testing.T, err, kind error, path, detail string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, kind) {
		t.Fatalf("error %v, want %v", err, kind)
	}
	if e.Path != expand(path) {
		t.Errorf("path %q, want %q", e.Path, expand(path))
	}
	if !strings.Contains(e.Detail, detail) {
		t.Errorf("detail %q does not say %q", e.Detail, detail)
	}
}

// Every tolerated form becomes the schema's form (clients.md section 6).
func TestCreate_tolerance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"row 18: a userName is enough", `{"userName":"b"}`, `{"schemas":["CORE"],"userName":"b"}`},
		{"Q01: names in any letter case", `{"USERNAME":"b","Name":{"GIVENNAME":"B"},"Emails":[{"Value":"b@x.fr","TYPE":"work"}]}`,
			`{"userName":"b","name":{"givenName":"B"},"emails":[{"value":"b@x.fr","type":"work"}]}`},
		{"Q01: URNs in any letter case", `{"userName":"b","URN:ietf:params:SCIM:schemas:extension:enterprise:2.0:user":{"Department":"d"}}`,
			`{"schemas":["CORE","ENT"],"userName":"b","ENT":{"department":"d"}}`},
		{"Q04: schemas missing", `{"userName":"b"}`, `{"schemas":["CORE"],"userName":"b"}`},
		{"Q04: schemas null or empty", `{"schemas":[],"userName":"b"}`, `{"schemas":["CORE"],"userName":"b"}`},
		{"Q04: extension in the body only", `{"schemas":["CORE"],"userName":"b","ENT":{"department":"d"}}`,
			`{"schemas":["CORE","ENT"],"userName":"b","ENT":{"department":"d"}}`},
		{"Q04: extension in schemas only", `{"schemas":["CORE","ENT"],"userName":"b"}`, `{"schemas":["CORE"],"userName":"b"}`},
		{"Q04: unknown and SCIM 1.1 URNs", `{"schemas":["urn:scim:schemas:core:1.0","urn:x"],"userName":"b"}`, `{"schemas":["CORE"],"userName":"b"}`},
		{"Q05: id, meta and groups are the server's", `{"id":"1","meta":{"version":"9"},"groups":[{"value":"g"}],"userName":"b"}`, `{"userName":"b"}`},
		{"Q05: null is absent", `{"userName":"b","title":null,"name":{"givenName":null},"emails":null,"ENT":null,"addresses":[null]}`, `{"userName":"b"}`},
		{"Q05: empty arrays and objects are absent", `{"userName":"b","emails":[],"name":{},"ENT":{},"roles":[{}]}`, `{"userName":"b"}`},
		{"Q05: empty text is kept", `{"userName":"b","title":"","name":{"middleName":""}}`, `{"userName":"b","title":"","name":{"middleName":""}}`},
		{"Q05: an empty reference is absent", `{"userName":"b","profileUrl":"","ENT":{"manager":{"value":""}}}`, `{"userName":"b"}`},
		{"an e-mail without address is none", `{"userName":"b","emails":[{"type":"work","primary":true,"value":""},{"value":null}]}`, `{"userName":"b"}`},
		{"Q10: booleans as text", `{"userName":"b","active":"False","emails":[{"value":"v","primary":"TRUE"}]}`,
			`{"userName":"b","active":false,"emails":[{"value":"v","primary":true}]}`},
		{"Q10: text stays text", `{"userName":"b","displayName":"True"}`, `{"userName":"b","displayName":"True"}`},
		{"Q11: the last primary wins", `{"userName":"b","emails":[{"value":"1","primary":true},{"value":"2","primary":true},{"value":"3"}]}`,
			`{"userName":"b","emails":[{"value":"1","primary":false},{"value":"2","primary":true},{"value":"3"}]}`},
		{"row 33: a type and value pair once", `{"userName":"b","emails":[{"value":"A@x.fr","type":"work"},{"value":"c"},{"value":"a@X.fr","type":"Work","primary":true}]}`,
			`{"userName":"b","emails":[{"value":"a@X.fr","type":"Work","primary":true},{"value":"c"}]}`},
		{"one value in two types is two", `{"userName":"b","emails":[{"value":"a","type":"work"},{"value":"a","type":"home"}]}`,
			`{"userName":"b","emails":[{"value":"a","type":"work"},{"value":"a","type":"home"}]}`},
		{"Q13: a password is dropped", `{"userName":"b","password":"secret","PassWord2":1}`, `{"userName":"b"}`},
		{"Q14: text as it was sent", `{"userName":"B@X.FR","phoneNumbers":[{"value":" +33 (0)1 "}],"addresses":[{"country":"France"}]}`,
			`{"userName":"B@X.FR","phoneNumbers":[{"value":" +33 (0)1 "}],"addresses":[{"country":"France"}]}`},
		{"Q12: a role that is JSON in a string", `{"userName":"b","roles":[{"value":"{\"id\":1}"}]}`, `{"userName":"b","roles":[{"value":"{\"id\":1}"}]}`},
		{"Q23: extension attributes without URN", `{"userName":"b","department":"d"}`, `{"userName":"b","ENT":{"department":"d"}}`},
		{"Q36: manager as text", `{"userName":"b","ENT":{"manager":"m"}}`, `{"userName":"b","ENT":{"manager":{"value":"m"}}}`},
		{"Q36: manager as object, with $ref and name", `{"userName":"b","ENT":{"manager":{"value":"m","$ref":"../Users/m","displayName":"M"}}}`,
			`{"userName":"b","ENT":{"manager":{"value":"m"}}}`},
		{"Q36: manager as list", `{"userName":"b","ENT":{"manager":[{"value":"m"}]}}`, `{"userName":"b","ENT":{"manager":{"value":"m"}}}`},
		{"Q36: managerId", `{"userName":"b","manager":{"managerId":"m"}}`, `{"userName":"b","ENT":{"manager":{"value":"m"}}}`},
		{"Q36: empty managers", `{"userName":"b","ENT":{"manager":""}}`, `{"userName":"b"}`},
		{"Q36: nobody's manager", `{"userName":"b","ENT":{"manager":{"value":null}}}`, `{"userName":"b"}`},
		{"Q40: one value for several", `{"userName":"b","emails":{"value":"v"},"roles":"r"}`, `{"userName":"b","emails":[{"value":"v"}],"roles":[{"value":"r"}]}`},
		{"Q40: bare values", `{"userName":"b","emails":["v","w"]}`, `{"userName":"b","emails":[{"value":"v"},{"value":"w"}]}`},
		{"Q40: a list of one for one", `{"userName":["b"],"active":[false],"name":[{"givenName":"B"}]}`, `{"userName":"b","active":false,"name":{"givenName":"B"}}`},
		{"dotted keys", `{"userName":"b","name.givenName":"B","name":{"familyName":"F"},"NAME.formatted":"B F"}`,
			`{"userName":"b","name":{"givenName":"B","familyName":"F","formatted":"B F"}}`},
		{"URN keys", `{"CORE:userName":"b","ENT:department":"d","ENT:manager.value":"m","ENT.division":"v","OWN:kind":"Client"}`,
			`{"userName":"b","ENT":{"department":"d","manager":{"value":"m"},"division":"v"},"OWN":{"kind":"client"}}`},
		{"value paths as keys", `{"userName":"b","emails[type eq \"work\"].value":"v","emails":[{"value":"h","type":"home"}]}`,
			`{"userName":"b","emails":[{"value":"h","type":"home"},{"type":"work","value":"v"}]}`},
		{"core attributes under their URN", `{"CORE":{"userName":"b","name.givenName":"B"}}`, `{"userName":"b","name":{"givenName":"B"}}`},
		{"row 11: displayName of a value is its display", `{"userName":"b","roles":[{"value":"r","displayName":"R"}]}`, `{"userName":"b","roles":[{"value":"r","display":"R"}]}`},
		{"hold is the server's", `{"userName":"b","OWN":{"hold":"no","kind":"employee"}}`, `{"userName":"b","OWN":{"kind":"employee"}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := build(t, TypeUser, Switches{}, expand(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			wantDocument(t, d.doc, tt.want)
		})
	}
}

// RFC 7644 §3.12: what cannot be taken is refused, and the error names the attribute.
func TestCreate_refuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxKey+1)
	for _, tt := range []struct {
		name, in     string
		kind         error
		path, detail string
	}{
		{"row 17: userName missing", `{"displayName":"x"}`, ErrInvalidValue, "userName", "required"},
		{"userName null", `{"userName":null}`, ErrInvalidValue, "userName", "required"},
		{"userName empty", `{"userName":""}`, ErrInvalidValue, "userName", "required"},
		{"userName blank", `{"userName":" \t"}`, ErrInvalidValue, "userName", "required"},
		{"userName a number", `{"userName":7}`, ErrInvalidValue, "userName", "not 7"},
		{"userName an object", `{"userName":{"value":"x"}}`, ErrInvalidValue, "userName", "takes a string"},
		{"userName too long", `{"userName":"` + long + `"}`, ErrInvalidValue, "userName", "at most 1024 bytes"},
		{"text too long", `{"userName":"b","title":"` + strings.Repeat("x", maxText+1) + `"}`, ErrInvalidValue, "title", "65536"},
		{"e-mail too long", `{"userName":"b","emails":["` + long + `"]}`, ErrInvalidValue, "emails.value", "1024"},
		{"externalId too long", `{"userName":"b","externalId":"` + long + `"}`, ErrInvalidValue, "externalId", "1024"},
		{"externalId a number", `{"userName":"b","externalId":7}`, ErrInvalidValue, "externalId", "not 7"},
		{"two userNames", `{"userName":["a","b"]}`, ErrInvalidValue, "userName", "one value, not 2"},
		{"Q10: active maybe", `{"userName":"b","active":"yes"}`, ErrInvalidValue, "active", `not "yes"`},
		{"Q10: active a number", `{"userName":"b","active":1}`, ErrInvalidValue, "active", "true or false"},
		{"name as text", `{"userName":"b","name":"Bob"}`, ErrInvalidValue, "name", "an object, not a string"},
		{"emails as number", `{"userName":"b","emails":7}`, ErrInvalidValue, "emails", "an object, not a number"},
		{"e-mail value as object", `{"userName":"b","emails":[{"value":{}}]}`, ErrInvalidValue, "emails.value", "string"},
		{"extension as text", `{"userName":"b","ENT":"x"}`, ErrInvalidValue, "ENT", "must be an object"},
		{"binary", `{"userName":"b","x509Certificates":[{"value":"###"}]}`, ErrInvalidValue, "x509Certificates.value", "base64"},
		{"reference", `{"userName":"b","profileUrl":"not a url"}`, ErrInvalidValue, "profileUrl", "URI"},
		{"kind", `{"userName":"b","OWN":{"kind":"friend"}}`, ErrInvalidValue, "OWN:kind", "employee, contractor, client, service"},
		{"endDate without time", `{"userName":"b","OWN":{"endDate":"2026-01-31"}}`, ErrInvalidValue, "OWN:endDate", "date and time"},
		{"endDate no date", `{"userName":"b","OWN":{"endDate":"2026-02-30T00:00:00Z"}}`, ErrInvalidValue, "OWN:endDate", "date and time"},
		{"year 0", `{"userName":"b","OWN":{"endDate":"0000-02-03T00:00:00Z"}}`, ErrInvalidValue, "OWN:endDate", "date and time"},
		{"year 0 after all", `{"userName":"b","OWN":{"endDate":"0001-01-01T00:00:00+14:00"}}`, ErrInvalidValue, "OWN:endDate", "date and time"},
		{"a comma in the seconds", `{"userName":"b","OWN":{"endDate":"2026-01-01T00:00:00,5Z"}}`, ErrInvalidValue, "OWN:endDate", "date and time"},
		{"end before start", `{"userName":"b","OWN":{"startDate":"2026-02-01T00:00:00Z","endDate":"2026-02-01T00:30:00+01:00"}}`,
			ErrInvalidValue, "OWN:endDate", "before startDate"},
		{"a name in two spellings", `{"userName":"b","username":"c"}`, ErrInvalidSyntax, "username", "there twice"},
		{"a dotted name in two spellings", `{"userName":"b","name.givenName":"b","NAME.givenName":"c"}`, ErrInvalidSyntax, "name.givenName", "there twice"},
		{"a sub-name in two spellings", `{"userName":"b","name":{"givenName":"b","GivenName":"c"}}`, ErrInvalidSyntax, "name.givenName", "there twice"},
		{"an extension name in two spellings", `{"userName":"b","ENT":{"division":"b","Division":"c"}}`, ErrInvalidSyntax, "ENT:division", "there twice"},
		{"schemas of another type", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"userName":"b"}`, ErrInvalidSyntax, "schemas", "must contain"},
		{"schemas no URNs", `{"schemas":[{}],"userName":"b"}`, ErrInvalidSyntax, "schemas", "an object"},
		{"schemas a number", `{"schemas":7,"userName":"b"}`, ErrInvalidSyntax, "schemas", "a number"},
		{"a value path that tells no value", `{"userName":"b","emails[type ne \"work\"].value":"v"}`, ErrNoTarget, `emails[type ne "work"].value`, "No value"},
		{"too many addresses", `{"userName":"b","emails":[` + strings.TrimSuffix(strings.Repeat(`"a@x.fr",`, maxAddresses+1), ",") + `]}`, ErrInvalidValue, "emails", "1000"},
		{"too many values", `{"userName":"b","roles":[` + strings.TrimSuffix(strings.Repeat(`"r",`, maxValues+1), ",") + `]}`, ErrInvalidValue, "roles", "10000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := build(t, TypeUser, Switches{}, expand(tt.in))
			wantFault(t, err, tt.kind, tt.path, tt.detail)
		})
	}
}

// Erratum 5368: a Group needs a displayName. Row 18: it needs nothing else.
func TestCreate_group(t *testing.T) {
	t.Parallel()
	_, err := build(t, TypeGroup, Switches{}, `{"members":[]}`)
	wantFault(t, err, ErrInvalidValue, "displayName", "required")
	d, err := build(t, TypeGroup, Switches{}, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group",
		"http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"displayName":"Sales","externalId":"e"}`)
	if err != nil {
		t.Fatal(err)
	}
	wantDocument(t, d.doc, `{"schemas":["`+SchemaGroup+`"],"displayName":"Sales"}`)
	if d.externalID == nil || *d.externalID != "e" || d.members != nil {
		t.Errorf("externalId %v, members %v", d.externalID, d.members)
	}
}

// Q06: what the schemas do not know is ignored and reported by its path, never by its value; strict connections refuse.
func TestCreate_unknown(t *testing.T) {
	t.Parallel()
	text := expand(`{"userName":"b","favourite":1,"name":{"pet":"p"},"emails":[{"value":"v","spam":true},{"value":"w","spam":true}],
		"ENT":{"shoe":9},"urn:x:y":{"a":1},"name.first":"x","a b":1,"password":"secret","CORE:password":"secret"}`)
	d, err := build(t, TypeUser, Switches{}, text)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a b", "emails.spam", "favourite", "name.pet", SchemaEnterprise + ":shoe", "name.first", "urn:x:y"}
	if diff := cmp.Diff(want, d.ignored); diff != "" {
		t.Error(diff)
	}
	_, err = build(t, TypeUser, Switches{StrictAttributes: true}, `{"userName":"b","name":{"pet":1}}`)
	wantFault(t, err, ErrInvalidSyntax, "name.pet", "no attribute")
	_, err = build(t, TypeUser, Switches{StrictAttributes: true}, `{"userName":"b","schemas":["`+SchemaUser+`","urn:x"]}`)
	wantFault(t, err, ErrInvalidSyntax, "schemas", "urn:x")
	if _, err := build(t, TypeUser, Switches{StrictAttributes: true}, `{"userName":"b","password":"x","id":"1"}`); err != nil {
		t.Errorf("a password or a read-only attribute is not unknown: %v", err)
	}
}

// Q11, by switch.
func TestCreate_singlePrimary(t *testing.T) {
	t.Parallel()
	_, err := build(t, TypeUser, Switches{SinglePrimary: true},
		`{"userName":"b","emails":[{"value":"1","primary":true},{"value":"2","primary":"true"}]}`)
	wantFault(t, err, ErrInvalidValue, "emails", "more than one primary")
}

// An import's Go values are checked like a request's.
func TestCreate_notFromJSON(t *testing.T) {
	t.Parallel()
	d := newDraft(registry.Type(TypeUser), Switches{}, nil)
	err := d.assign(Input{"userName": "b\x00"})
	if err == nil {
		err = d.finish()
	}
	wantFault(t, err, ErrInvalidValue, "userName", "cannot be stored")
	err = newDraft(registry.Type(TypeUser), Switches{}, nil).assign(Input{"userName": struct{}{}})
	wantFault(t, err, ErrInvalidValue, "userName", "takes a string")
	err = newDraft(registry.Type(TypeUser), Switches{}, nil).assign(Input{"name": func() {}})
	wantFault(t, err, ErrInvalidValue, "name", "not a func()")
}

// No input makes the draft panic; what is accepted is valid, and the same when it is sent again.
func FuzzCreate(f *testing.F) {
	for _, s := range []string{
		`{"userName":"b","emails":[{"value":"a","primary":"true"},{"value":"A","primary":true}],"name.givenName":"x"}`,
		`{"displayName":"g","members":[{"value":"x"},"y",{"members":["z"]}]}`,
		expand(`{"CORE":{"userName":"b"},"ENT":{"manager":["m"]},"OWN":{"kind":"Client","endDate":"2026-01-01T00:00:00Z"}}`),
		`{"userName":"b","emails[type eq \"work\" and primary eq \"True\"].value":"v","roles":"r","addresses":[{"type":"work"},{"type":"work"}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in, err := DecodeObject([]byte(text))
		if err != nil {
			return
		}
		before := fmt.Sprint(in)
		for _, typ := range []string{TypeUser, TypeGroup} {
			d := newDraft(registry.Type(typ), Switches{}, nil)
			if d.assign(in) != nil || d.finish() != nil {
				continue
			}
			wantNormal(t, d)
		}
		if after := fmt.Sprint(in); after != before {
			t.Errorf("the input was written to: %s, before %s", after, before)
		}
	})
}

// wantNormal checks that a finished draft is in normal form: stored and sent again, it is the same.
func wantNormal(t *testing.T, d *draft) {
	t.Helper()
	stored, err := (&Resource{Body: marshal(d.doc)}).Document()
	if err != nil {
		t.Fatal(err)
	}
	again := newDraft(d.rt, Switches{StrictAttributes: true, SinglePrimary: true}, nil)
	if err := again.assign(stored); err != nil {
		t.Fatalf("%s is not in normal form: %v", marshal(d.doc), err)
	}
	if err := again.finish(); err != nil {
		t.Fatalf("%s does not validate: %v", marshal(d.doc), err)
	}
	if diff := cmp.Diff(stored, again.doc); diff != "" {
		t.Errorf("sent again it differs:\n%s", diff)
	}
}
