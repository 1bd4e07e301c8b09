package load_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"proprio/resources"
	"proprio/resources/load"
)

const people = `userName;externalId;name.givenName;emails.work;urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department;manager;active
anne@corp.fr;A;Anne;anne@corp.fr;Ventes;;VRAI
bob@corp.fr;B;Bob;bob@corp.fr;Achats;carl@corp.fr;oui

carl@corp.fr;C;Carl;carl@corp.fr;;A;faux
dora@elsewhere.fr;D;Dora;;;;
;E;;;;;
eve@corp.fr;F;Eve;;;nobody@corp.fr;
frank@corp.fr;G;Frank;;;;peut-être
ANNE@corp.fr;H;Anna;;;;
`

// A row that is good comes in, whatever becomes of the others; each that is not is told with its line and attribute.
func TestUsersOfATable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		totals, told := w.load(resources.TypeUser, people)
		wantEqual(t, "totals", totals, load.Totals{Rows: 8, Created: 3, There: 1, Refused: 4})
		faults := map[int]string{}
		for _, x := range told {
			if x.Fate == load.Refused {
				faults[x.Line] = x.Attribute
			}
		}
		wantEqual(t, "refused", faults, map[int]string{6: "userName", 7: "userName", 8: resources.SchemaEnterprise + ":manager", 9: "active"})
		wantEqual(t, "the second Anne", fates(told)[10], load.There)

		anne, doc := w.user("anne@corp.fr")
		wantEqual(t, "department", doc[resources.SchemaEnterprise], any(map[string]any{"department": "Ventes"}))
		wantEqual(t, "emails", doc["emails"], any([]any{map[string]any{"value": "anne@corp.fr", "type": "work"}}))
		carl, _ := w.user("carl@corp.fr")
		if carl.Index.Active || carl.Index.Manager != anne.ID {
			t.Errorf("Carl: %+v; he is inactive, and Anne, whom the file calls A, is his manager", carl.Index)
		}
		if bob, _ := w.user("bob@corp.fr"); bob.Index.Manager != carl.ID || !bob.Index.Active || bob.ExternalID != "B" {
			t.Errorf("Bob: %+v; Carl, who comes further down, is his manager", bob)
		}
	})
}

// The same file again changes nothing; with --update rows are merged into who is there, found by userName or externalId.
func TestUsersThatAreThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const first = "userName,externalId,title,emails.work,emails.home\nanne@corp.fr,A,T,anne@corp.fr,home@corp.fr\nbob@corp.fr,B,T,,\n"
		w.load(resources.TypeUser, first)
		totals, _ := w.load(resources.TypeUser, first)
		wantEqual(t, "again", totals, load.Totals{Rows: 2, There: 2})
		totals, _ = w.load(resources.TypeUser, first, update)
		wantEqual(t, "again with update", totals, load.Totals{Rows: 2, Unchanged: 2})
		totals, told := w.load(resources.TypeUser, "userName,externalId,emails.work,active\nanna@corp.fr,A,anna@corp.fr,\nBOB@corp.fr,,x@elsewhere.fr,\ncarl@corp.fr,,,\n", update)
		wantEqual(t, "update", totals, load.Totals{Rows: 3, Updated: 1, Created: 1, Refused: 1})
		wantEqual(t, "Bob", fates(told)[3], load.Refused)
		_, doc := w.user("anna@corp.fr")
		if doc["title"] != "T" {
			t.Errorf("Anna has lost what the file does not name: %v", doc)
		}
		wantEqual(t, "emails", doc["emails"], any([]any{
			map[string]any{"value": "home@corp.fr", "type": "home"}, map[string]any{"value": "anna@corp.fr", "type": "work"}}))
	})
}

// A dry run tells the same, and leaves no trace.
func TestDryRun(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.load(resources.TypeUser, "userName,title\nthere@corp.fr,T\n")
		entries := len(w.entries())
		_, would := w.load(resources.TypeUser, people+"there@corp.fr;;There;;;;\n", dryRun, update)
		if n := w.count(resources.TypeUser); n != 1 || len(w.entries()) != entries {
			t.Errorf("%d Users, %d entries", n, len(w.entries()))
		}
		_, did := w.load(resources.TypeUser, people+"there@corp.fr;;There;;;;\n", update)
		wantEqual(t, "fates", fates(would), fates(did))
	})
}

// Rows of one Group that follow each other are one; members are named by id, externalId or userName.
func TestGroupsOfATable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.load(resources.TypeUser, people)
		anne, _ := w.user("anne@corp.fr")
		totals, told := w.load(resources.TypeGroup, "displayName,members\nVentes,"+anne.ID+"\nVentes,B|nobody\n"+
			"Tous,carl@corp.fr\nVides,\n,anne@corp.fr\nVentes,carl@corp.fr\n")
		wantEqual(t, "totals", totals, load.Totals{Rows: 5, Created: 3, There: 1, Refused: 2, Members: 3})
		wantEqual(t, "Ventes", w.members("Ventes"), []string{"anne@corp.fr", "bob@corp.fr"})
		wantEqual(t, "Tous", w.members("Tous"), []string{"carl@corp.fr"})
		wantEqual(t, "Vides", w.members("Vides"), []string(nil))
		wantEqual(t, "refused", told[slices.IndexFunc(told, func(x load.Told) bool { return x.Name == "nobody" })].Attribute, "members")
		w.load(resources.TypeGroup, "displayName,members\nVentes,carl@corp.fr\n", update)
		wantEqual(t, "Ventes", w.members("Ventes"), []string{"anne@corp.fr", "bob@corp.fr", "carl@corp.fr"})
	})
}

// Groups of another system's answer, one of them with more members than a batch holds and one in the other.
func TestGroupsOfAListResponse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var users, members []string
		for i := range 2500 {
			users = append(users, fmt.Sprintf(`{"userName":"u%d@corp.fr"}`, i))
			members = append(members, fmt.Sprintf(`{"value":"u%d@corp.fr","display":"U"}`, i))
		}
		totals, _ := w.load(resources.TypeUser, strings.Join(users, "\n"))
		wantEqual(t, "Users", totals, load.Totals{Rows: 2500, Created: 2500})
		totals, _ = w.load(resources.TypeGroup, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":2,"Resources":[
			{"displayName":"Outer","externalId":"O","members":[{"value":"I"}]},
			{"displayName":"Inner","externalId":"I","members":[`+strings.Join(members, ",")+`]}]}`)
		wantEqual(t, "Groups", totals, load.Totals{Rows: 2, Created: 2, Members: 2501})
		wantEqual(t, "members", len(w.members("Inner")), 2500)
		wantEqual(t, "the inner one", w.members("Outer"), []string{"Inner"})
	})
}

// breaking is a source that fails after some rows.
type breaking struct {
	load.Source
	left int
}

var errBroken = errors.New("the line is cut")

func (b *breaking) Next() (load.Row, error) {
	if b.left--; b.left < 0 {
		return load.Row{}, errBroken
	}
	return b.Source.Next()
}

// A load that was broken off, by the file, by its end or by the administrator, has kept what it said, and is gone on with.
func TestLoadThatIsBrokenOff(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &load.Loader{Directory: w.Directory, Caller: w.caller, Type: resourceType(resources.TypeUser)}
		open := func(n int) load.Source {
			source, err := load.Open(table(n), l.Type, load.FormatAuto, func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			return source
		}
		totals, err := l.Load(ctx, &breaking{open(1200), 600})
		if !errors.Is(err, errBroken) || totals.Created != 600 || w.count(resources.TypeUser) != 600 {
			t.Errorf("%v: %+v, %d Users", err, totals, w.count(resources.TypeUser))
		}
		l.Progress = func(load.Totals) { cancel() }
		totals, err = l.Load(ctx, open(2000))
		if !errors.Is(err, context.Canceled) || totals.Rows != 500 {
			t.Errorf("%v: %+v", err, totals)
		}
		totals, err = l.Load(t.Context(), open(2000))
		if err != nil || w.count(resources.TypeUser) != 2000 || totals.Created+totals.There != 2000 {
			t.Errorf("%v: %+v", err, totals)
		}
		cut, _ := load.Open(strings.NewReader(`[{"userName":"x@corp.fr"}, {"userN`), l.Type, load.FormatAuto, func(string) {})
		if totals, err := l.Load(t.Context(), cut); !errors.Is(err, io.ErrUnexpectedEOF) || totals.Created != 1 {
			t.Errorf("half a file: %+v, %v", totals, err)
		}
	})
}
