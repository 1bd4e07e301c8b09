package load

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"proprio/resources"
)

// csvSource reads a table of resources. Rows of one Group that follow each other are one Group: each adds members.
type csvSource struct {
	table   *Table
	rt      *resources.ResourceType
	columns []column
	ahead   *Row // read already: the first row of the next Group
	done    error
	group   string // displayName and externalId of the Group whose rows come
}

func openCSV(r *bufio.Reader, rt *resources.ResourceType, note func(string)) (*csvSource, error) {
	table, err := openTable(r, note)
	if err != nil {
		return nil, err
	}
	s := &csvSource{table: table, rt: rt}
	var faults []error
	for i, name := range table.Header {
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
		record, err := s.table.Next()
		if err != nil || record.Fault != nil {
			return Row{Line: record.Line, Fault: record.Fault}, err
		}
		row := Row{Line: record.Line, Input: resources.Input{}}
		row.Fault = s.cells(&row, record.Cells)
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
