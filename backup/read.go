package backup

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a row. A document is far below; a file that was made to exhaust memory is not.
const maxLine = 256 << 20

// Reader reads a backup from its beginning to its end.
type Reader struct {
	Manifest  Manifest
	Encrypted bool
	text      *bufio.Reader
	line      []byte
	done      ending
}

// Open begins to read. With a secret, a backup that is not encrypted is refused: only the secret tells who made it. Open tells
// which of the package's errors a file is that cannot be read.
func Open(file io.ReadSeeker, secret []byte) (*Reader, error) {
	text, encrypted, err := unseal(file, secret)
	if err != nil {
		return nil, err
	}
	r := &Reader{Encrypted: encrypted, text: bufio.NewReaderSize(text, 1<<16)}
	err = r.document(&r.Manifest)
	return r, err
}

// Next begins the next table; io.EOF says that the backup ended, and is whole. The rows of a table are to be read before
// the next one begins.
func (r *Reader) Next() (Table, error) {
	var table Table
	line, err := r.next()
	if err != nil {
		return table, err
	}
	last, ended := bytes.CutPrefix(line, []byte(mark))
	if !ended {
		err = json.Unmarshal(line, &table)
		if err == nil && (table.Name == "" || len(table.Columns) == 0) {
			err = errors.New("a table has no name or no columns")
		}
		return table, damaged(err)
	}
	var end ending
	err = json.Unmarshal(last, &end)
	if err == nil && end != r.done {
		err = fmt.Errorf("it should hold %d tables and %d rows, and holds %d and %d", end.Tables, end.Rows, r.done.Tables, r.done.Rows)
	}
	if err == nil {
		_, err = r.text.ReadByte() // what is behind the last line is looked at too: only now has gzip compared its sum
	}
	if err == nil {
		err = errors.New("something follows its end")
	}
	if err == io.EOF {
		return table, io.EOF
	}
	return table, damaged(err)
}

// Rows gives each row of the table that Next began, and compares them with what the backup says they are. The row is only
// good until each returns.
func (r *Reader) Rows(ctx context.Context, table Table, each func(row []any) error) (Counted, error) {
	row := make([]any, len(table.Columns))
	var tally Tally
	for {
		line, err := r.next()
		if err != nil {
			return Counted{}, err
		}
		if last, ended := bytes.CutPrefix(line, []byte(mark)); ended {
			return r.counted(last, tally.Of(table))
		}
		err = table.parseRow(line, row)
		if err == nil {
			err = tally.Add(table, row)
		}
		if err != nil {
			return Counted{}, damaged(err)
		}
		err = each(row)
		if err == nil && tally.Rows%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return Counted{}, err
		}
	}
}

func (r *Reader) counted(said []byte, found Counted) (Counted, error) {
	var want Counted
	err := json.Unmarshal(said, &want)
	if err == nil && want != found {
		err = fmt.Errorf("table %s had %d rows of hash %s, and has %d of %s", found.Table, want.Rows, want.Hash, found.Rows, found.Hash)
	}
	r.done.Tables, r.done.Rows = r.done.Tables+1, r.done.Rows+found.Rows
	return found, damaged(err)
}

// Verify reads to the end and returns what each table holds.
func (r *Reader) Verify(ctx context.Context) ([]Counted, error) {
	var all []Counted
	for {
		table, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		counted, err := r.Rows(ctx, table, func([]any) error { return nil })
		if err != nil {
			return nil, err
		}
		all = append(all, counted)
	}
}

func (r *Reader) document(v any) error {
	line, err := r.next()
	if err != nil {
		return err
	}
	return damaged(json.Unmarshal(line, v))
}

// next reads a line. It is only good until the next one.
func (r *Reader) next() ([]byte, error) {
	r.line = r.line[:0]
	for {
		part, err := r.text.ReadSlice('\n')
		if err == nil && len(r.line) == 0 {
			return part[:len(part)-1], nil
		}
		r.line = append(r.line, part...)
		switch {
		case err == nil:
			return r.line[:len(r.line)-1], nil
		case err == io.EOF:
			return nil, damaged(io.ErrUnexpectedEOF)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, damaged(err)
		case len(r.line) > maxLine:
			return nil, damaged(errors.New("a row has no end"))
		}
	}
}
