package db_test

import (
	"encoding/json"
	"errors"
	"testing"

	"proprio/resources"
)

var isolationCases = map[string]func(*testing.T, *bench){
	"no method sees or touches another company's resources": func(t *testing.T, b *bench) {
		other := newBench(t, b.DB)
		p := b.people(t, 1)
		g := b.group(t, "Sales", p...)
		_, err := b.Get(t.Context(), other.c, p[0].Type, p[0].ID, resources.With{})
		wantError(t, err, resources.ErrNotFound, "")
		_, err = b.GetByUserName(t.Context(), other.c, p[0].Index.UserNameFolded)
		wantError(t, err, resources.ErrNotFound, "")
		_, err = b.Members(t.Context(), other.c, g.ID, "", 0)
		wantError(t, err, resources.ErrNotFound, "")
		types, err := b.Types(t.Context(), other.c, []string{p[0].ID, g.ID})
		if err != nil || len(types) != 0 {
			t.Errorf("Types: %v, %v", types, err)
		}
		for _, typ := range []string{resources.TypeUser, resources.TypeGroup} {
			page, err := b.Find(t.Context(), other.c, resources.Query{Type: typ, StartIndex: 1, Count: 10})
			if err != nil || page.Total != 0 || len(page.Resources) != 0 {
				t.Errorf("Find %s: %+v, %v", typ, page, err)
			}
		}
		stolen := later(p[0], func(x *resources.Index) { x.DisplayName = "stolen" })
		for _, ch := range []resources.Change{replace(stolen, 0), remove(p[0]), remove(g), membership(g, resources.MemberChange{Clear: true})} {
			_, err = b.Apply(t.Context(), other.c, ch)
			wantError(t, err, resources.ErrNotFound, "")
		}
		wantEqual(t, "version", b.read(t, p[0]).Version, int64(1))
		wantEqual(t, "members", b.memberIDs(t, g), []string{p[0].ID})
		wantEqual(t, "entries", len(other.entries(t)), 0)
		wantEqual(t, "marks", len(other.marks(t)), 0)
	},
	"two companies may have one userName, one id and one externalId": func(t *testing.T, b *bench) {
		other := newBench(t, b.DB)
		u := newUser("same@firm.example")
		u.ExternalID = "e-1"
		b.apply(t, create(u))
		other.apply(t, create(u))
		other.apply(t, remove(u))
		wantEqual(t, "externalId", b.read(t, u).ExternalID, "e-1")
	},
}

var inputCases = map[string]func(*testing.T, *bench){
	"odd characters come back as they went in": func(t *testing.T, b *bench) {
		for _, name := range []string{"'; drop table resources; --", `back\slash "quote"`, "ümlaut é 漢字 🦊", "a\tb\nc\u2028d", "$1 ? :x %s",
			"\u0001\u007f", "ﬁ ß İ ς", `\u0000`} {
			u := newUser(name)
			u.ExternalID = name
			b.apply(t, create(u))
			got := b.read(t, u)
			wantJSON(t, got.Body, u.Body)
			wantEqual(t, "userName", got.Index.UserName, name)
			wantEqual(t, "externalId", got.ExternalID, name)
		}
	},
	"a NUL character is refused, wherever it is": func(t *testing.T, b *bench) {
		for path, spoil := range map[string]func(*resources.Resource){
			"userName":     func(r *resources.Resource) { r.Index.UserName += "\x00" },
			"displayName":  func(r *resources.Resource) { r.Index.DisplayName = "\xff" },
			"externalId":   func(r *resources.Resource) { r.ExternalID = "\x00" },
			"emails.value": func(r *resources.Resource) { r.Index.Emails[0].Value = "\x00" },
			"":             func(r *resources.Resource) { r.Body, _ = json.Marshal(map[string]string{"title": "\x00"}) },
		} {
			u := newUser("a@firm.example")
			spoil(u)
			_, err := b.Apply(t.Context(), b.c, create(u))
			wantError(t, err, resources.ErrInvalidValue, path)
		}
	},
	"a text too long to be looked up is refused": func(t *testing.T, b *bench) {
		u := newUser(long(2000) + "@")
		_, err := b.Apply(t.Context(), b.c, create(u))
		wantError(t, err, resources.ErrInvalidValue, "userName")
		u = newUser(long(2000)) // the longest that is taken must fit every index
		u.Index.DisplayName, u.Index.NameFolded = long(2000), long(2000)
		u.ExternalID = long(2000)
		b.apply(t, create(withEmails(u, long(2000))))
	},
	"a caller without a company reaches nothing": func(t *testing.T, b *bench) {
		p := b.people(t, 1)[0]
		for _, company := range []string{"", "x", "'", "\x00"} {
			_, err := b.Get(t.Context(), resources.Caller{Company: company}, p.Type, p.ID, resources.With{})
			if !errors.Is(err, resources.ErrNotFound) && !errors.Is(err, resources.ErrInvalidValue) {
				t.Errorf("company %q: %v", company, err)
			}
		}
	},
}
