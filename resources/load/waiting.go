package load

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
)

// waiting are rows that refer to what comes further down in the file, or to what is not there at all. They are kept in a
// file that has no name, so that it goes with the process.
type waiting struct {
	file *os.File
	w    *bufio.Writer
	d    *json.Decoder // while they are read
	n    int
}

// add keeps a row.
func (q *waiting) add(row Row) error {
	if q.file == nil {
		f, err := os.CreateTemp("", "proprio-import-*")
		if err != nil {
			return err
		}
		_ = os.Remove(f.Name()) // where an open file cannot be removed, close does
		q.file, q.w = f, bufio.NewWriter(f)
	}
	text, err := json.Marshal(row)
	if err == nil {
		_, err = q.w.Write(append(text, '\n'))
	}
	q.n++
	return err
}

// rewind makes ready to read the rows.
func (q *waiting) rewind() error {
	if q.file == nil {
		return nil
	}
	err := q.w.Flush()
	if err == nil {
		_, err = q.file.Seek(0, io.SeekStart)
	}
	q.d = json.NewDecoder(bufio.NewReader(q.file))
	q.d.UseNumber()
	return err
}

// Next implements Source.
func (q *waiting) Next() (Row, error) {
	if q.d == nil {
		return Row{}, io.EOF
	}
	var row Row
	err := q.d.Decode(&row)
	return row, err
}

func (q *waiting) close() {
	if q.file != nil {
		_ = q.file.Close()
		_ = os.Remove(q.file.Name())
	}
}
