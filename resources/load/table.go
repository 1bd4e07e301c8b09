package load

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"proprio/resources"
)

// Table reads the rows of a table (CSV), whoever wrote it: UTF-8, UTF-16 or Windows-1252, with commas, semicolons or tabs
// between the columns.
type Table struct {
	Header []string // the first row, which names the columns

	r      *csv.Reader
	text   *bounded // what r reads
	before int      // lines above those that r counts
	last   int      // line of the row read last, as r counts
}

// Record is one row of a table.
type Record struct {
	Line  int      // in the file, from 1
	Cells []string // until the next row is read
	Fault error    // why the row cannot be read; the rows after it can
}

// OpenTable begins to read a table. note is told how it is read: its characters, and what stands between columns.
func OpenTable(in io.Reader, note func(string)) (*Table, error) {
	return openTable(bufio.NewReaderSize(newText(in, note), lookAhead), note)
}

// separators are what may stand between columns: spreadsheets of many countries write ; because they write 1,5.
const separators = ";,\t"

func openTable(r *bufio.Reader, note func(string)) (*Table, error) {
	t := &Table{}
	separator, err := t.separator(r)
	if err != nil {
		return nil, err
	}
	note("columns are separated by " + map[rune]string{';': "semicolons", ',': "commas", '\t': "tabs"}[separator])
	t.text = &bounded{r: r, left: maxRow}
	t.r = csv.NewReader(t.text)
	t.r.Comma, t.r.FieldsPerRecord, t.r.ReuseRecord = separator, -1, true
	header, err := t.r.Read()
	var fault *csv.ParseError
	if errors.As(err, &fault) {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "", "line %d, which names the columns, cannot be read: %v. "+quoting, fault.StartLine+t.before, fault.Err)
	}
	if err != nil {
		return nil, fmt.Errorf("the first row, which names the columns: %w", err)
	}
	t.Header = append(t.Header, header...)
	return t, nil
}

// quoting is what to do about a row with a quotation mark in the wrong place.
const quoting = `A cell that holds quotation marks stands between quotation marks, and each of its own is doubled.`

// separator tells what stands between columns: the line sep=; that Excel reads, or what the first row has most of.
func (t *Table) separator(r *bufio.Reader) (rune, error) {
	head, err := peekLine(r)
	if err != nil {
		return 0, err
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	if rest, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r"), []byte("sep=")); ok && len(rest) == 1 && strings.ContainsRune(separators, rune(rest[0])) {
		t.before = 1
		_, err := r.Discard(min(len(line)+1, len(head)))
		return rune(rest[0]), err
	}
	best, most := ',', 0
	for _, c := range separators {
		quoted, n := false, 0
		for _, b := range string(line) {
			if b == '"' {
				quoted = !quoted
			} else if b == c && !quoted {
				n++
			}
		}
		if n > most {
			best, most = c, n
		}
	}
	return best, nil
}

// Next returns the next row, or io.EOF after the last. Any other error is about the file: there is no going on.
func (t *Table) Next() (Record, error) {
	t.text.left = maxRow
	record, err := t.r.Read()
	line := 0
	if len(record) > 0 && err == nil {
		line, _ = t.r.FieldPos(0)
		t.last = line
	}
	var fault *csv.ParseError
	switch {
	case errors.Is(err, errLongRow):
		return Record{}, fmt.Errorf("the row after line %d: %w", t.last+t.before, err)
	case errors.As(err, &fault) && fault.Line > fault.StartLine && t.text.ends(t.r.InputOffset()):
		return Record{}, fmt.Errorf("line %d: a quotation mark is never closed, so the rows from there to the end were not read", fault.StartLine+t.before)
	case errors.As(err, &fault) && fault.Line > fault.StartLine:
		return Record{Line: fault.StartLine + t.before, Fault: resources.Errorf(resources.ErrInvalidSyntax, "", "The lines from here to line %d cannot "+
			`be read: they are one row to a quotation mark that is not closed, or not doubled, where it should be.`, fault.Line+t.before)}, nil
	case errors.As(err, &fault):
		return Record{Line: fault.StartLine + t.before, Fault: resources.Errorf(resources.ErrInvalidSyntax, "", "The row cannot be read: %v. "+quoting, fault.Err)}, nil
	case err != nil:
		return Record{}, err
	}
	return Record{Line: line + t.before, Cells: record}, nil
}

// maxRow bounds the characters of one row: a quotation mark that is not closed must not take the whole file into memory.
const maxRow = 1 << 20

var errLongRow = errors.New("it has more than 1 MiB, as when a quotation mark is never closed, so the rows from there to the end were not read")

// bounded reads a file row by row.
type bounded struct {
	r    *bufio.Reader
	left int   // of the row
	n    int64 // bytes read so far
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongRow
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left, b.n = b.left-n, b.n+int64(n)
	return n, err
}

// ends tells whether a place is the end of the file.
func (b *bounded) ends(at int64) bool {
	_, err := b.r.Peek(1)
	return at == b.n && err != nil
}
