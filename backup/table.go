package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Kind is what a column holds. The value of a row is a string for Text and JSON, an int64 for Integer, a bool for Boolean,
// a []byte for Bytes, and nil for null.
type Kind string

// The kinds that both databases have.
const (
	Text    Kind = "text"
	Integer Kind = "integer"
	Boolean Kind = "boolean"
	Bytes   Kind = "bytes"
	JSON    Kind = "json"
)

// Column is a column of a table.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// Table is a table, as it was when the backup was made.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	// Last is the highest number that the table's sequence gave out; 0: it has none, or gave none.
	Last int64 `json:"last,omitempty"`
}

// Names are the names of the columns.
func (t Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// Manifest says what a backup is of.
type Manifest struct {
	// Schema is the version of the database's schema: the tables are those of this version.
	Schema int64 `json:"schema"`
	// Program is the version of the program that made the backup.
	Program string `json:"program"`
	// Database is "sqlite" or "postgres".
	Database string `json:"database"`
	// Taken is the moment that the backup shows.
	Taken time.Time `json:"taken"`
	// Position is the highest place in the audit record at that moment.
	Position int64 `json:"position"`
	// Companies are how many there were.
	Companies int64 `json:"companies"`
	// Keyset is the Tink keyset that opens the secrets in the database; empty unless it was asked for.
	Keyset json.RawMessage `json:"keyset,omitempty"`
}

// Source is what a backup is made of: a database at one moment.
type Source interface {
	// Tables lists them so that a table comes after those it refers to.
	Tables() []Table
	// Rows gives each row of a table, in the order of its columns. The row is only good until each returns.
	Rows(ctx context.Context, t Table, each func(row []any) error) error
}

// value brings what a driver gives for a column into the form of its kind.
func (c Column) value(v any) (any, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case string:
		switch c.Kind {
		case Text, JSON:
			return x, nil
		case Bytes:
			return []byte(x), nil
		}
	case []byte:
		switch c.Kind {
		case Text, JSON:
			return string(x), nil
		case Bytes:
			return append([]byte{}, x...), nil // never nil, which is null
		}
	case int64:
		switch c.Kind {
		case Integer:
			return x, nil
		case Boolean:
			return x != 0, nil
		}
	case bool:
		if c.Kind == Boolean {
			return x, nil
		}
	}
	return nil, fmt.Errorf("column %s is %s, but holds a %T", c.Name, c.Kind, v)
}

// Normalize brings a row as a driver gives it into the form of its columns' kinds.
func (t Table) Normalize(row []any) error {
	if len(row) != len(t.Columns) {
		return fmt.Errorf("table %s: a row has %d values for %d columns", t.Name, len(row), len(t.Columns))
	}
	for i, c := range t.Columns {
		v, err := c.value(row[i])
		if err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		row[i] = v
	}
	return nil
}
