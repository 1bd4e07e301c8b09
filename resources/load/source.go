package load

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"proprio/resources"
)

// Row is one resource of a file, or a further part of a Group whose members are many.
type Row struct {
	Line    int             // in the file, or the place in a JSON list; from 1
	Input   resources.Input // nil for a further part
	Members []string        // of a Group: ids, externalIds or userNames
	More    bool            // the members are those of the Group of the row before
	Group   string          // id of the Group that the members are of; set while they wait for each other
	Fault   error           `json:"-"` // why the row cannot be read; the rest is empty then
}

// Source reads rows in the order of a file.
type Source interface {
	// Next returns the next row, or io.EOF after the last. Any other error is about the file: there is no going on.
	Next() (Row, error)
}

// Format is how a file is written.
type Format string

// The formats. FormatAuto goes by what the file begins with.
const (
	FormatAuto   Format = ""
	FormatCSV    Format = "csv"
	FormatJSON   Format = "json"
	FormatNDJSON Format = "ndjson"
)

// Formats are the names of the formats.
func Formats() []string { return []string{string(FormatCSV), string(FormatJSON), string(FormatNDJSON)} }

// maxPart is how many members one row has at most; a Group that has more comes in several.
const maxPart = 1000

// lookAhead is how much of a file's beginning tells its format.
const lookAhead = 64 << 10

// Open begins to read a file. note is told how it is read: its characters, what stands between columns, which of them are
// left out.
func Open(in io.Reader, rt *resources.ResourceType, format Format, note func(string)) (Source, error) {
	r := bufio.NewReaderSize(newText(in, note), lookAhead)
	head, err := peekLine(r)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(head)) == 0 && len(head) < lookAhead {
		return nil, errors.New("the file is empty")
	}
	if format == FormatAuto {
		format = guess(head)
		note("format: " + string(format))
	}
	switch format {
	case FormatCSV:
		return openCSV(r, rt, note)
	case FormatJSON:
		return openJSON(r, rt)
	case FormatNDJSON:
		return &ndjsonSource{r: r, rows: rowReader{rt: rt}}, nil
	}
	return nil, fmt.Errorf("there is no format %q: there are %s", format, strings.Join(Formats(), ", "))
}

// peekLine looks at a file's beginning: a line of it at least, but no further than the file has come.
func peekLine(r *bufio.Reader) ([]byte, error) {
	for n := 1; ; n = r.Buffered() + 1 {
		_, err := r.Peek(min(n, lookAhead))
		head, _ := r.Peek(r.Buffered())
		switch {
		case errors.Is(err, io.EOF):
			return head, nil
		case err != nil:
			return nil, err
		case len(head) >= lookAhead || bytes.IndexByte(bytes.TrimSpace(head), '\n') >= 0:
			return head, nil
		}
	}
}

// guess tells the format by the first character: an object may be a whole ListResponse, or the first of many.
func guess(head []byte) Format {
	head = bytes.TrimSpace(head)
	switch {
	case bytes.HasPrefix(head, []byte("[")):
		return FormatJSON
	case !bytes.HasPrefix(head, []byte("{")):
		return FormatCSV
	}
	d := json.NewDecoder(bytes.NewReader(head))
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return FormatNDJSON
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			if depth--; depth == 0 {
				return FormatNDJSON
			}
		default:
			if key, ok := token.(string); ok && depth == 1 && strings.EqualFold(key, "Resources") {
				return FormatJSON
			}
		}
	}
}
