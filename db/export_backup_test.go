package db

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"proprio/backup"
)

// FillEveryTable writes n rows into each table of the schema, whichever tables there are, in values that a careless copy
// would change; the k-th row is of the company c-k.
func FillEveryTable(t *testing.T, d *DB, n int) {
	t.Helper()
	all, err := d.tables(t.Context(), d.writer)
	if err != nil {
		t.Fatal(err)
	}
	err = d.fillTx(t.Context(), func(tx *sqlx.Tx) error {
		for _, table := range all {
			fill, err := d.filler(t.Context(), tx, table, "")
			for k := 1; err == nil && k <= n; k++ {
				err = fill.add(madeRow(table, k))
			}
			err = firstError(fill.close(t.Context(), err), d.goOnAfter(t.Context(), tx, table, int64(1000*n)))
			if err != nil {
				return fmt.Errorf("table %s: %w", table.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// madeRow has the same text in every column, so that references lead somewhere.
func madeRow(table table, k int) []any {
	row := make([]any, len(table.Columns))
	for i, c := range table.Columns {
		switch c.Kind {
		case backup.Text:
			row[i] = fmt.Sprintf("v-%d\t\\N\n'é𝄞\"", k)
		case backup.Integer:
			row[i] = int64(k)
		case backup.Boolean:
			row[i] = k%2 == 0
		case backup.Bytes:
			row[i] = []byte{0, 0xff, byte(k), byte(k >> 8), '\\'}
		case backup.JSON:
			row[i] = fmt.Sprintf(`{"z":%d,"a":{"é\t":[1.50,1e2,null,true]},"big":12345678901234567890123}`, k)
		}
		if c.Name == table.company {
			row[i] = fmt.Sprintf("c-%d", k)
		}
	}
	return row
}

// Counted is what every table holds, as a backup would count it.
func Counted(t *testing.T, d *DB) []backup.Counted {
	t.Helper()
	s, err := d.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	counted, err := backup.Write(t.Context(), io.Discard, nil, s.Manifest, s)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(counted, func(a, b backup.Counted) int { return strings.Compare(a.Table, b.Table) })
	return counted
}

// Described is each table with its columns and their kinds, its key and whose it is.
func Described(t *testing.T, d *DB) map[string]string {
	t.Helper()
	all, err := d.tables(t.Context(), d.writer)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, x := range all {
		said[x.Name] = fmt.Sprintf("%v key %v company %s sequence %s parents %v triggers %t", x.Columns, x.key, x.company, x.sequence, x.parents, x.triggers)
	}
	return said
}
