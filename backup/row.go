package backup

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// appendRow writes a row as a line of PostgreSQL's COPY text format, without the end of the line.
func appendRow(line []byte, row []any) []byte {
	for i, v := range row {
		if i > 0 {
			line = append(line, '\t')
		}
		switch v := v.(type) {
		case nil:
			line = append(line, `\N`...)
		case string:
			line = appendEscaped(line, v)
		case int64:
			line = strconv.AppendInt(line, v, 10)
		case bool:
			line = append(line, "ft"[b2i(v)])
		case []byte:
			line = append(line, `\\x`...)
			line = hex.AppendEncode(line, v)
		default:
			panic(fmt.Sprintf("backup: a row holds a %T", v)) // Normalize lets none through
		}
	}
	return line
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// appendEscaped writes a text so that it holds neither the end of a value nor that of a line.
func appendEscaped(line []byte, s string) []byte {
	for {
		i := strings.IndexAny(s, "\\\t\n\r")
		if i < 0 {
			return append(line, s...)
		}
		line = append(line, s[:i]...)
		line = append(line, '\\', escaped(s[i]))
		s = s[i+1:]
	}
}

func escaped(c byte) byte {
	switch c {
	case '\t':
		return 't'
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	}
	return c
}

// parseRow reads a line into row, which has a place for each column.
func (t Table) parseRow(line []byte, row []any) error {
	for i, c := range t.Columns {
		value, rest, more := bytes.Cut(line, []byte{'\t'})
		if more != (i < len(t.Columns)-1) {
			return fmt.Errorf("table %s: a row has not the %d values of its columns", t.Name, len(t.Columns))
		}
		v, err := c.parse(value)
		if err != nil {
			return fmt.Errorf("table %s, column %s: %w", t.Name, c.Name, err)
		}
		row[i], line = v, rest
	}
	return nil
}

func (c Column) parse(value []byte) (any, error) {
	if string(value) == `\N` {
		return nil, nil
	}
	switch c.Kind {
	case Text, JSON:
		return unescape(value)
	case Integer:
		return strconv.ParseInt(string(value), 10, 64)
	case Boolean:
		if string(value) != "t" && string(value) != "f" {
			return nil, fmt.Errorf("%q is no boolean", value)
		}
		return value[0] == 't', nil
	case Bytes:
		digits, ok := bytes.CutPrefix(value, []byte(`\\x`))
		if !ok {
			return nil, fmt.Errorf("%q is no hexadecimal text", value)
		}
		return hex.AppendDecode([]byte{}, digits)
	}
	return nil, fmt.Errorf("%q is no kind of column", c.Kind)
}

func unescape(value []byte) (string, error) {
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value), nil
	}
	var b strings.Builder
	b.Grow(len(value))
	for i := 0; i < len(value); i++ {
		if value[i] != '\\' {
			b.WriteByte(value[i])
			continue
		}
		i++
		if i == len(value) {
			return "", fmt.Errorf("%q ends in the middle of a character", value)
		}
		switch value[i] {
		case 't':
			b.WriteByte('\t')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case '\\':
			b.WriteByte('\\')
		default:
			return "", fmt.Errorf(`\%c is no character`, value[i])
		}
	}
	return b.String(), nil
}
