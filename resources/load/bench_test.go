package load_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/resources/load"
)

// table is a table of n Users as it is read.
func table(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		fmt.Fprintln(w, "userName;externalId;name.givenName;name.familyName;displayName;emails.work;phoneNumbers.mobile;department;active;title")
		for i := range n {
			fmt.Fprintf(w, "u%d@corp.fr;x%[1]d;Hélène;Brémond %[1]d;Hélène Brémond %[1]d;u%[1]d@corp.fr;+33 6 %[1]d;Ventes;VRAI;Cheffe\n", i)
		}
		_ = w.Close()
	}()
	return r
}

// BenchmarkLoad is one User of a table, from the file into the database.
func BenchmarkLoad(b *testing.B) {
	for name, config := range map[string]func() db.Config{
		"sqlite":   func() db.Config { return db.Config{Data: b.TempDir()} },
		"postgres": func() db.Config { return db.Config{Data: b.TempDir(), URL: dbtest.PostgresURL(b)} },
	} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, dbtest.Open(b, config()))
			l := &load.Loader{Directory: w.Directory, Caller: w.caller, Type: resourceType(resources.TypeUser)}
			source, err := load.Open(table(b.N), l.Type, load.FormatCSV, func(string) {})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			totals, err := l.Load(context.Background(), source)
			if err != nil || totals.Created != b.N {
				b.Fatal(totals, err)
			}
		})
	}
}
