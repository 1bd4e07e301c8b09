package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// ending is the last line of the text.
type ending struct {
	Tables int   `json:"tables"`
	Rows   int64 `json:"rows"`
}

// Write makes a backup, encrypted by a secret; with a nil secret it is not encrypted. It holds one row at a time. The
// result is what each table holds.
func Write(ctx context.Context, w io.Writer, secret []byte, m Manifest, from Source) ([]Counted, error) {
	s, err := seal(w, secret)
	if err != nil {
		return nil, err
	}
	out := json.NewEncoder(s.Encoded)
	err = out.Encode(m)
	if err != nil {
		return nil, err
	}
	var all []Counted
	var end ending
	for _, table := range from.Tables() {
		counted, err := writeTable(ctx, s, table, from)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", table.Name, err)
		}
		all = append(all, counted)
		end.Tables, end.Rows = end.Tables+1, end.Rows+counted.Rows
	}
	_, err = s.Encoded.WriteString(mark)
	if err == nil {
		err = out.Encode(end)
	}
	if err != nil {
		return nil, err
	}
	return all, s.close()
}

// mark begins a line that is no row, after a table's rows: no value begins like that.
const mark = `\.`

func writeTable(ctx context.Context, s *sealing, table Table, from Source) (Counted, error) {
	out := json.NewEncoder(s.Encoded)
	err := out.Encode(table)
	if err != nil {
		return Counted{}, err
	}
	var tally Tally
	var line []byte
	err = from.Rows(ctx, table, func(row []any) error {
		err := tally.Add(table, row)
		if err != nil {
			return err
		}
		line = append(appendRow(line[:0], row), '\n')
		_, err = s.Encoded.Write(line)
		return err
	})
	if err != nil {
		return Counted{}, err
	}
	counted := tally.Of(table)
	_, err = s.Encoded.WriteString(mark)
	if err == nil {
		err = out.Encode(counted)
	}
	return counted, err
}
