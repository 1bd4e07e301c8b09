package export_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"proprio/ownership"
	"proprio/ownership/export"
	"proprio/resources"
)

// say is an account in one line.
func say(a ownership.RemoteAccount) string {
	var mails []string
	for _, e := range a.Emails {
		mails = append(mails, e.Value)
	}
	return fmt.Sprintf("%s %s %q %v %t %v %t %s %s", a.RemoteID, a.UserName, a.DisplayName, mails, a.Active, a.Roles, a.Administrator, a.EmployeeNumber, a.LastUsed)
}

func windows1252(s string) string {
	out, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func TestExportsOfAllSortsAreRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		o    export.Options
		want []string
		by   bool // by address
	}{
		"French, semicolons, Windows-1252": {
			text: windows1252("Nom;Prénom;Adresse e-mail;Rôle;Statut;Dernière connexion\r\n" +
				"Brémond;Hélène;Helene.Bremond@atelier.fr;Administrateur;Actif;12/10/2026 09:14\r\n" +
				"Martin;Zoé;zoe@gmail.com;Utilisateur;Désactivé;\r\n"),
			want: []string{
				`helene.bremond@atelier.fr Helene.Bremond@atelier.fr "Hélène Brémond" [Helene.Bremond@atelier.fr] true [Administrateur] true  12/10/2026 09:14`,
				`zoe@gmail.com zoe@gmail.com "Zoé Martin" [zoe@gmail.com] false [Utilisateur] false  `},
			by: true,
		},
		"English, commas, UTF-8 with mark, quoted line break": {
			text: "\ufeffUser ID,Email,Name,Role,Status\n42,a@b.fr,\"Anna\nDupont\",\"Member, Billing\",Invited\n43,c@b.fr,C,Owner,Suspended\n",
			want: []string{`42 a@b.fr "Anna\nDupont" [a@b.fr] true [Member Billing] false  `, `43 c@b.fr "C" [c@b.fr] false [Owner] true  `},
		},
		"tabs, matricule, no e-mail":    {text: "Identifiant\tMatricule\nanna\tE-7\n", want: []string{`anna anna "" [] true [] false E-7 `}, by: true},
		"a postal address is no e-mail": {text: "E-mail;Adresse\na@b.fr;3 rue du Lac\n", want: []string{`a@b.fr a@b.fr "" [a@b.fr] true [] false  `}, by: true},
		"a row for each role":           {text: "id,email,role\n1,a@b.fr,Reader\n1,a@b.fr,Admin\n", want: []string{`1 a@b.fr "" [a@b.fr] true [Reader Admin] true  `}},
		"named columns":                 {text: "Courriel pro;Verrou\na@b.fr;X\nc@b.fr;\n", o: export.Options{Columns: map[string]string{"email": "courriel PRO", "status": "Verrou"}, Inactive: []string{"x"}}, want: []string{`a@b.fr a@b.fr "" [a@b.fr] false [] false  `, `c@b.fr c@b.fr "" [c@b.fr] true [] false  `}, by: true},
		"the line that Excel reads":     {text: "sep=;\nemail;nom complet\na@b.fr;A, B\n", want: []string{`a@b.fr a@b.fr "A, B" [a@b.fr] true [] false  `}, by: true},
		"rows of nothing":               {text: "email;nom\n;\na@b.fr;A\n;\n", want: []string{`a@b.fr a@b.fr "A" [a@b.fr] true [] false  `}, by: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, err := export.Read(strings.NewReader(c.text), c.o)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range list.Accounts {
				got = append(got, say(a))
			}
			if !slices.Equal(got, c.want) || list.ByAddress != c.by {
				t.Errorf("by address %t\n got %q\nwant %q", list.ByAddress, got, c.want)
			}
		})
	}
}

// What cannot be read whole is not read at all, and the message says where and what to do.
func TestAnExportThatCannotBeReadSaysWhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "empty",
		"email\n":                   "no account",
		"Ville;Pays\nLyon;France\n": `"Ville", "Pays"`,
		"id;email\n;a@b.fr\n":       "line 2: the row has no id",
		"email;nom\na@b.fr;A\n;B\n": "line 3: the row has neither",
		"email;statut\na@b.fr;Actif\nb@b.fr;Zombie\n":              `line 3: nobody knows whether an account is active whose status is "Zombie"`,
		"email;nom\na@b.fr;A\nA@B.FR;B\n":                          "line 3: account a@b.fr is on line 2 already",
		"email;nom\na@b.fr;A;x\n":                                  "line 2: there are 3 cells and 2 columns",
		"email;nom\na@b.fr;\"A\nb@b.fr;B\n":                        "line 2: a quotation mark is never closed",
		"email;nom\nanna;A\n":                                      `line 2: "anna" is no e-mail address`,
		"id;email;user id\n1;a@b.fr;2\n":                           `the columns "id" and "user id" both look like the id`,
		"email;statut;Statut\na@b.fr;Actif;Inactif\n":              `the columns 2 and 3 are both named "statut": take one of them out`,
		"Alice;a@b.fr\nBob;b@b.fr\n":                               `the first row has to name the columns, and has the address "a@b.fr"`,
		"email;\"nom\"x\na@b.fr;A\n":                               "line 1, which names the columns, cannot be read",
		"PK\x03\x04\x14\x00email":                                  "it is a spreadsheet or an archive (.xlsx, .ods, .zip). Save it as CSV",
		"%PDF-1.7\nemail":                                          "it is a PDF",
		"\x7fELF\x02\x01\x01\x00;email\n":                          "its byte 8 is zero, as in a program",
		"e\x00m\x00a\x00i\x00l\x00\n\x00a\x00@\x00b\x00.\x00f\x00": "UTF-16 without a mark",
		"email;nom\n" + strings.Repeat(";x\n", 40):                 "line 11: the row has neither",
	} {
		list, err := export.Read(strings.NewReader(text), export.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || len(list.Accounts) > 0 {
			t.Errorf("%q: %d accounts, error %v, want one that says %s", text, len(list.Accounts), err, want)
		}
		if !errors.Is(err, resources.ErrInvalidSyntax) && !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("%q: %v is no domain error", text, err)
		}
	}
	for _, columns := range []map[string]string{{"email": "Courriel"}, {"courriel": "email"}} {
		_, err := export.Read(strings.NewReader("email\na@b.fr\n"), export.Options{Columns: columns})
		if !errors.Is(err, resources.ErrInvalidValue) {
			t.Errorf("columns %v: %v", columns, err)
		}
	}
}

// endless is a file without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	return copy(p, strings.Repeat("e@b.fr;x\n", 1+len(p)/9)), nil
}

func TestAFileWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	n := 0
	rows := func(p []byte) (int, error) {
		n++
		return copy(p, fmt.Sprintf("a%d@b.fr;%s\n", n, strings.Repeat("x", 10<<10))), nil
	}
	_, err := export.Read(readerFunc(rows), export.Options{Columns: map[string]string{}})
	if err == nil {
		t.Fatal("a header that is no header was taken")
	}
	_, err = export.Read(&headed{head: "email;nom\n", rest: readerFunc(rows)}, export.Options{})
	if err == nil || !strings.Contains(err.Error(), "more than 64 MiB") {
		t.Errorf("%v", err)
	}
	if _, err := export.Read(endless{}, export.Options{}); err == nil {
		t.Error("a file without header was taken")
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type headed struct {
	head string
	rest readerFunc
}

func (h *headed) Read(p []byte) (int, error) {
	if h.head != "" {
		n := copy(p, h.head)
		h.head = h.head[n:]
		return n, nil
	}
	return h.rest(p)
}

// Whatever a file holds, it is read whole or refused, and no two accounts have one id.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"email;nom\na@b.fr;A\n", "\xff\xfee\x00", windows1252("Prénom;E-mail\nZoé;z@b.fr\n"), "id\n1\n1\n", "sep=\temail\n\"", "email,statut\na@b,oui\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := export.Read(strings.NewReader(text), export.Options{})
		if err != nil && len(list.Accounts) > 0 || err == nil && len(list.Accounts) == 0 {
			t.Fatalf("%d accounts, error %v", len(list.Accounts), err)
		}
		seen := map[string]bool{}
		for _, a := range list.Accounts {
			if a.RemoteID == "" || seen[a.RemoteID] {
				t.Fatalf("account %q twice, or without id", a.RemoteID)
			}
			seen[a.RemoteID] = true
		}
	})
}
