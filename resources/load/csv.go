package load

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"proprio/resources"
)

// csvSource reads a table. The first row names the columns. Rows of one Group that follow each other are one Group: each
// adds members.
type csvSource struct {
	r       *csv.Reader
	text    *bounded // what r reads
	rt      *resources.ResourceType
	before  int // lines above those that r counts
	last    int // line of the row read last, as r counts
	columns []column
	ahead   *Row // read already: the first row of the next Group
	done    error
	group   string // displayName and externalId of the Group whose rows come
}

// separators are what may stand between columns: spreadsheets of many countries write ; because they write 1,5.
const separators = ";,\t"

func openCSV(r *bufio.Reader, rt *resources.ResourceType, note func(string)) (*csvSource, error) {
	s := &csvSource{rt: rt}
	separator, err := s.separator(r)
	if err != nil {
		return nil, err
	}
	note("columns are separated by " + map[rune]string{';': "semicolons", ',': "commas", '\t': "tabs"}[separator])
	s.text = &bounded{r: r, left: maxRow}
	s.r = csv.NewReader(s.text)
	s.r.Comma, s.r.FieldsPerRecord, s.r.ReuseRecord = separator, -1, true
	header, err := s.r.Read()
	if err != nil {
		return nil, fmt.Errorf("the first row, which names the columns: %w", err)
	}
	var faults []error
	for i, name := range header {
		if strings.TrimSpace(name) == "" {
			s.columns = append(s.columns, column{skip: true})
			continue
		}
		c, err := parseColumn(rt, name)
		if err != nil {
			faults = append(faults, err)
		} else if c.skip {
			note(fmt.Sprintf("column %q (%d) is not read: the directory makes it, or keeps no such thing", name, i+1))
		}
		s.columns = append(s.columns, c)
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("%w\nname the columns by attributes of SCIM, such as userName, name.familyName, emails.work, active", errors.Join(faults...))
	}
	return s, nil
}

// separator tells what stands between columns: the line sep=; that Excel reads, or what the first row has most of.
func (s *csvSource) separator(r *bufio.Reader) (rune, error) {
	head, err := peekLine(r)
	if err != nil {
		return 0, err
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	if rest, ok := bytes.CutPrefix(bytes.TrimRight(line, "\r"), []byte("sep=")); ok && len(rest) == 1 && strings.ContainsRune(separators, rune(rest[0])) {
		s.before = 1
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

// Next implements Source.
func (s *csvSource) Next() (Row, error) {
	if s.rt.Name != resources.TypeGroup {
		return s.read()
	}
	row, err := s.readAhead()
	if err != nil || row.Fault != nil {
		return row, err
	}
	name := groupName(row.Input)
	row.More = s.group != "" && name == s.group
	s.group = name
	for len(row.Members) < maxPart {
		next, err := s.readAhead()
		if err != nil {
			s.done = err
			break
		}
		if next.Fault != nil || groupName(next.Input) != name {
			s.ahead = &next
			break
		}
		row.Members = append(row.Members, next.Members...)
	}
	if row.More {
		row.Input = nil
	}
	return row, nil
}

func (s *csvSource) readAhead() (Row, error) {
	if s.ahead != nil {
		row := *s.ahead
		s.ahead = nil
		return row, nil
	}
	if s.done != nil {
		return Row{}, s.done
	}
	return s.read()
}

// groupName is by what the rows of one Group are known.
func groupName(in resources.Input) string {
	name, _ := textOf(in, "displayName")
	external, _ := textOf(in, "externalId")
	return name + "\x00" + external
}

// read reads one row of the table. Empty ones are passed over.
func (s *csvSource) read() (Row, error) {
	for {
		s.text.left = maxRow
		record, err := s.r.Read()
		line := 0
		if len(record) > 0 && err == nil {
			line, _ = s.r.FieldPos(0)
			s.last = line
		}
		var fault *csv.ParseError
		switch {
		case errors.Is(err, errLongRow):
			return Row{}, fmt.Errorf("the row after line %d: %w", s.last+s.before, err)
		case errors.As(err, &fault) && fault.Line > fault.StartLine && s.text.ends(s.r.InputOffset()):
			return Row{}, fmt.Errorf("line %d: a quotation mark is never closed, so the rows from there to the end were not read", fault.StartLine+s.before)
		case errors.As(err, &fault) && fault.Line > fault.StartLine:
			return Row{Line: fault.StartLine + s.before, Fault: resources.Errorf(resources.ErrInvalidSyntax, "", "The lines from here to line %d cannot "+
				`be read: they are one row to a quotation mark that is not closed, or not doubled, where it should be.`, fault.Line+s.before)}, nil
		case errors.As(err, &fault):
			return Row{Line: fault.StartLine + s.before, Fault: resources.Errorf(resources.ErrInvalidSyntax, "", "The row cannot be read: %v. "+
				`A cell that holds quotation marks stands between quotation marks, and each of its own is doubled.`, fault.Err)}, nil
		case err != nil:
			return Row{}, err
		}
		row := Row{Line: line + s.before, Input: resources.Input{}}
		row.Fault = s.cells(&row, record)
		if row.Fault != nil || len(row.Input) > 0 || len(row.Members) > 0 {
			return row, nil
		}
	}
}

func (s *csvSource) cells(row *Row, record []string) error {
	for i, cell := range record {
		cell = strings.TrimSpace(cell)
		switch {
		case cell == "":
		case i >= len(s.columns):
			return resources.Errorf(resources.ErrInvalidSyntax, "", "There are %d cells and %d columns. "+
				"A cell that holds the separator stands between quotation marks.", len(record), len(s.columns))
		case s.columns[i].skip:
		case s.columns[i].members:
			row.Members = append(row.Members, strings.FieldsFunc(cell, func(r rune) bool { return r == '|' || r == '\n' || r == '\r' })...)
		default:
			if err := s.columns[i].put(row.Input, strings.Clone(cell)); err != nil {
				return err
			}
		}
	}
	return nil
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
