package load_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"proprio/resources"
	"proprio/resources/load"
)

// read is all rows of a text, each as "line input members", and what was noted.
func read(t testing.TB, typ, text string) (rows, notes []string, err error) {
	t.Helper()
	source, err := load.Open(strings.NewReader(text), resourceType(typ), load.FormatAuto, func(n string) { notes = append(notes, n) })
	for err == nil {
		var row load.Row
		if row, err = source.Next(); err == nil {
			rows = append(rows, show(row))
		}
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return rows, notes, err
}

func show(row load.Row) string {
	text := fmt.Sprint(row.Line)
	for _, key := range slices.Sorted(maps.Keys(row.Input)) {
		text += fmt.Sprintf(" %s=%v", key, row.Input[key])
	}
	if row.More {
		text += " more"
	}
	if row.Members != nil {
		text += fmt.Sprintf(" %q", row.Members)
	}
	if row.Fault != nil {
		text += " " + row.Fault.Error()
	}
	return text
}

const frenchTable = "userName;displayName;active\nhélène@corp.fr;Hélène « L » œuvre;VRAI\n"

// A table is read as spreadsheets write it, and what was taken for granted is said.
func TestTablesOfEveryDialect(t *testing.T) {
	t.Parallel()
	windows, err := charmap.Windows1252.NewEncoder().String(frenchTable)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(frenchTable)
	if err != nil {
		t.Fatal(err)
	}
	const want = "2 active=true displayName=Hélène « L » œuvre userName=hélène@corp.fr"
	for name, f := range map[string]struct {
		text  string
		notes []string
		want  []string
	}{
		"UTF-8":                {frenchTable, []string{"format: csv", "columns are separated by semicolons"}, []string{want}},
		"with a mark":          {"\uFEFF" + frenchTable, nil, []string{want}},
		"Windows-1252":         {windows, []string{"characters: Windows-1252"}, []string{want}},
		"UTF-16":               {utf16, []string{"characters: UTF-16"}, []string{want}},
		"carriage returns":     {strings.ReplaceAll(frenchTable, "\n", "\r\n"), nil, []string{want}},
		"commas":               {strings.ReplaceAll(frenchTable, ";", ","), []string{"columns are separated by commas"}, []string{want}},
		"tabs":                 {strings.ReplaceAll(frenchTable, ";", "\t"), []string{"columns are separated by tabs"}, []string{want}},
		"a line that says so":  {"sep=;\r\n" + frenchTable, nil, []string{strings.Replace(want, "2", "3", 1)}},
		"one column":           {"userName\na\n", nil, []string{"2 userName=a"}},
		"no end of line":       {"userName\na", nil, []string{"2 userName=a"}},
		"cells of more lines":  {"userName;title\na;\"b\nc \"\"d\"\"; e\"\nf;\n", nil, []string{"2 title=b\nc \"d\"; e userName=a", "4 userName=f"}},
		"empty rows and cells": {"userName;title\n\n;\n ; \na; \n", nil, []string{"5 userName=a"}},
		"too many cells":       {"userName;title\na;b;c\nd;e;;\n", nil, []string{"2 userName=a title=b", "3"}},
		"what is not read":     {"id;userName;meta.created;password;;groups\n1;a;2;3;4;5\n", []string{`column "id" (1) is not read: the directory makes it, or keeps no such thing`}, []string{"2 userName=a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, notes, err := read(t, resources.TypeUser, f.text)
			if err != nil {
				t.Fatal(err)
			}
			for _, note := range f.notes {
				if !slices.Contains(notes, note) {
					t.Errorf("noted %q, not %q", notes, note)
				}
			}
			if name == "too many cells" {
				if len(rows) != 2 || !strings.Contains(rows[0], "There are 3 cells and 2 columns") || rows[1] != "3 title=e userName=d" {
					t.Errorf("%q", rows)
				}
				return
			}
			wantEqual(t, "rows", rows, f.want)
		})
	}
}

// Characters are the same however the file comes in.
func TestTextThatComesInPieces(t *testing.T) {
	t.Parallel()
	long := frenchTable + strings.Repeat("u€;ÀÉ;\n", 20_000)
	windows, err := charmap.Windows1252.NewEncoder().String(long)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"UTF-8": long, "Windows-1252": windows} {
		whole, _, err := read(t, resources.TypeUser, text)
		if err != nil || len(whole) != 20_001 {
			t.Fatalf("%s: %d rows, %v", name, len(whole), err)
		}
		source, err := load.Open(iotest.HalfReader(strings.NewReader(text)), resourceType(resources.TypeUser), load.FormatCSV, func(string) {})
		for i := 0; err == nil; i++ {
			var row load.Row
			if row, err = source.Next(); err == nil && show(row) != whole[i] {
				t.Fatalf("%s: %s, want %s", name, show(row), whole[i])
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
}

// The columns of a table are attributes, by their paths or in short.
func TestColumns(t *testing.T) {
	t.Parallel()
	const enterprise = resources.SchemaEnterprise
	for name, want := range map[string]string{
		"userName": "userName=x", " USERNAME ": "userName=x", "name.givenName": "name.givenName=x", "active": "active=x",
		"urn:ietf:params:scim:schemas:core:2.0:User:userName": "userName=x",
		"emails":                               "emails=[x]",
		"emails.value":                         "emails=[x]",
		"emails.work":                          `emails[type eq "work"].value=x`,
		`emails[type eq "work"].value`:         `emails[type eq "work"].value=x`,
		"phoneNumbers.mobile":                  `phoneNumbers[type eq "mobile"].value=x`,
		"addresses.work.locality":              `addresses[type eq "work"].locality=x`,
		"department":                           enterprise + ":department=x",
		enterprise + ":department":             enterprise + ":department=x",
		"manager":                              enterprise + "=map[manager:map[value:x]]",
		enterprise + ":manager.value":          enterprise + "=map[manager:map[value:x]]",
		resources.SchemaOwnership + ":sponsor": resources.SchemaOwnership + "=map[sponsor:map[value:x]]",
		"Prénom":                               `column "Prénom"`,
		"name":                                 "name has parts",
		"emails.display":                       `emails[type eq "work"].display`,
		`emails[type eq "work"]`:               "say which part",
		"emails.work.colour":                   `column "emails.work.colour"`,
		"x[":                                   `column "x["`,
	} {
		rows, _, err := read(t, resources.TypeUser, "\""+strings.ReplaceAll(name, `"`, `""`)+"\"\nx\n")
		switch {
		case strings.HasPrefix(want, "column") || !strings.Contains(want, "="):
			if err == nil || strings.Count(err.Error(), want) != 1 || strings.Count(err.Error(), "attribute") > 2 { // the fault, and the advice
				t.Errorf("%s: %v, want %s, once", name, err, want)
			}
		case err != nil || len(rows) != 1 || rows[0] != "2 "+want:
			t.Errorf("%s: %q %v, want %s", name, rows, err, want)
		}
	}
	rows, _, err := read(t, resources.TypeUser, "userName,emails,emails,userName\na,b,c,\na,b,c,d\n")
	if err != nil || rows[0] != "2 emails=[b c] userName=a" || !strings.Contains(rows[1], "Two columns hold it") {
		t.Errorf("%q %v", rows, err)
	}
}

// JSON is a list, a ListResponse or one object a line.
func TestJSONOfEveryForm(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]struct {
		text string
		want []string
		says string
	}{
		"a list":          {`[{"userName":"a"}, {"userName":"b"}]`, []string{"1 userName=a", "2 userName=b"}, ""},
		"an empty list":   {`[]`, nil, ""},
		"a ListResponse":  {`{"totalResults":2,"x":{"Resources":1},"resources":[{"userName":"a"}],"y":3}`, []string{"1 userName=a"}, ""},
		"lines":           {"{\"userName\":\"a\"}\n\n{\"userName\":\"b\"}", []string{"1 userName=a", "3 userName=b"}, ""},
		"one that is not": {"[{\"userName\":\"a\"}, 7, {\"a\":1,\"a\":2}]", []string{"1 userName=a", "2 The body must be a JSON object, not a number.", `3 a: The key "a" is there twice; send it once.`}, ""},
		"a line that is not": {"{\"userName\":\"a\"}\n{\"userN\n{\"userName\":\"b\"}\n",
			[]string{"1 userName=a", "2 The JSON ends too early, at byte 1.", "3 userName=b"}, ""},
		"a list cut short": {`[{"userName":"a"}`, []string{"1 userName=a"}, "unexpected EOF"},
		"a list broken":    {`[{"userName":"a"} {`, []string{"1 userName=a"}, "malformed after resource 1"},
		"nothing":          {" \n", nil, "empty"},
	} {
		rows, _, err := read(t, resources.TypeUser, f.text)
		if (err == nil) != (f.says == "") || err != nil && !strings.Contains(err.Error(), f.says) {
			t.Errorf("%s: %v, want %s", name, err, f.says)
		}
		wantEqual(t, name, rows, f.want)
	}
	rows, _, err := read(t, resources.TypeGroup, `[{"displayName":"G","Members":[{"value":"a"},"b"]},{"displayName":"H","members":[{}]}]`)
	if err != nil || rows[0] != `1 displayName=G ["a" "b"]` || !strings.Contains(rows[1], "a member has no value") {
		t.Errorf("%q %v", rows, err)
	}
}

// No text makes the reader fail otherwise than by an error, and no row is lost without one.
func FuzzRead(f *testing.F) {
	f.Add(frenchTable)
	f.Add("emails.work,members\n\"a\"\"\",b|c")
	f.Add(`{"Resources":[{"members":["a"]}]}`)
	f.Add("sep=;\n\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range []string{resources.TypeUser, resources.TypeGroup} {
			_, _, _ = read(t, typ, text)
		}
	})
}

// TestAQuotationMarkLeavesNothingOutInSilence: one that is never closed ends the import where it stands; one that swallows some
// lines is told with all of them; at the end of a file it costs its own row alone.
func TestAQuotationMarkLeavesNothingOutInSilence(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	for n := range 3000 {
		fmt.Fprintf(&table, "u%d@corp.example,A person with a name\n", n)
	}
	many := strings.Repeat(table.String(), 20) // more than one row may have
	for _, c := range []struct {
		name, after, fails, fault string
		rows                      int
	}{
		{"to the end", "\"b@corp.example,B\n" + table.String(), "line 3: a quotation mark is never closed", "", 1},
		{"for long", "\"b@corp.example,B\n" + many, "the row after line 2: it has more than 1 MiB", "", 1},
		{"to another", "\"b@corp.example,B\nc@corp.example,C\nd@corp.example,\"D\"\ne@corp.example,E\n", "", "3 The lines from here to line 5", 3},
		{"in the last row", "\"b@corp.example,B\n", "", "3 The row cannot be read", 2},
		{"within a line", "\"b@corp.example\"x,B\nc@corp.example,C\n", "", "3 The row cannot be read", 3},
		{"a long table", many, "", "", 60_001},
	} {
		rows, _, err := read(t, resources.TypeUser, "userName,displayName\na@corp.example,A\n"+c.after)
		if c.fails == "" && err != nil || c.fails != "" && (err == nil || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.fails)
		}
		if len(rows) != c.rows || c.fault != "" && !strings.HasPrefix(rows[1], c.fault) {
			t.Errorf("%s: %d rows, want %d; %.300q", c.name, len(rows), c.rows, rows)
		}
	}
}
