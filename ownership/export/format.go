package export

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"proprio/resources"
)

// formats are how files begin that are no tables of text.
var formats = []struct{ begins, name string }{
	{"PK\x03\x04", "a spreadsheet or an archive (.xlsx, .ods, .zip)"},
	{"\xd0\xcf\x11\xe0", "a spreadsheet (.xls)"},
	{"%PDF", "a PDF"},
	{"\x1f\x8b", "a compressed file (.gz)"},
}

// sniffed is how many bytes of a file are looked at.
const sniffed = 4096

// asText refuses a file that is no text: read as one it would be nonsense with a telling error nowhere.
func asText(in io.Reader) (io.Reader, error) {
	r := bufio.NewReaderSize(in, sniffed)
	head, err := r.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return r, nil // the reader of the table meets it again
	}
	for _, f := range formats {
		if bytes.HasPrefix(head, []byte(f.begins)) {
			return nil, noText("it is " + f.name)
		}
	}
	marked := bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff})
	if at := bytes.IndexByte(head, 0); at >= 0 && !marked {
		return nil, noText(fmt.Sprintf("its byte %d is zero, as in a program, an image, or UTF-16 without a mark", at+1))
	}
	return r, nil
}

func noText(why string) error {
	return resources.Errorf(resources.ErrInvalidSyntax, "", "the file is no table of text: %s. Save it as CSV (UTF-8) in a spreadsheet, or export it as CSV", why)
}
