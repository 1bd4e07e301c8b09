package load

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// text reads a file's characters as UTF-8. A file without a byte order mark is UTF-8 or, where its first characters
// beyond ASCII are not, Windows-1252, as spreadsheets on Windows write it in western Europe.
type text struct {
	in      io.Reader
	note    func(string)
	charset charset
	buffer  []byte // as the file has it
	kept    int    // bytes at the front of buffer: the beginning of a character
	ready   []byte
	err     error
}

type charset int

const (
	undecided charset = iota // only ASCII so far
	isUTF8
	isWindows1252
)

const chunk = 64 << 10

var (
	markUTF8    = []byte{0xEF, 0xBB, 0xBF}
	markUTF16LE = []byte{0xFF, 0xFE}
	markUTF16BE = []byte{0xFE, 0xFF}
)

// newText takes the byte order mark away, where there is one.
func newText(in io.Reader, note func(string)) io.Reader {
	head := make([]byte, len(markUTF8))
	n, _ := io.ReadFull(in, head) // what is wrong with the file, the next read tells
	head = head[:n]
	all := io.MultiReader(bytes.NewReader(head), in)
	switch {
	case bytes.HasPrefix(head, markUTF16LE), bytes.HasPrefix(head, markUTF16BE):
		note("characters: UTF-16")
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(all)
	case bytes.HasPrefix(head, markUTF8):
		return in
	}
	return &text{in: all, note: note, buffer: make([]byte, chunk)}
}

// Read implements io.Reader.
func (t *text) Read(p []byte) (int, error) {
	for len(t.ready) == 0 {
		if t.err != nil {
			return 0, t.err
		}
		t.fill()
	}
	n := copy(p, t.ready)
	t.ready = t.ready[n:]
	return n, nil
}

// fill makes the next part ready. A character that the part cuts in two waits for the next one.
func (t *text) fill() {
	var n int
	n, t.err = io.ReadAtLeast(t.in, t.buffer[t.kept:], 1)
	part := t.buffer[:t.kept+n]
	t.kept = 0
	cut := 0
	if t.err == nil {
		cut = cutCharacter(part)
	}
	whole := part[:len(part)-cut]
	if t.charset == undecided {
		t.charset = charsetOf(whole)
		if t.charset == isWindows1252 {
			t.note("characters: Windows-1252")
		}
	}
	if t.charset == isWindows1252 {
		t.ready, _ = charmap.Windows1252.NewDecoder().Bytes(part) // every byte is a character
		return
	}
	t.ready = bytes.Clone(whole)
	t.kept = copy(t.buffer, part[len(whole):])
}

// cutCharacter is how many bytes at the end are the beginning of a character of UTF-8.
func cutCharacter(part []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(part); n++ {
		if b := part[len(part)-n]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRune(part[len(part)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

func charsetOf(part []byte) charset {
	switch {
	case !utf8.Valid(part):
		return isWindows1252
	case bytes.ContainsFunc(part, func(r rune) bool { return r >= utf8.RuneSelf }):
		return isUTF8
	}
	return undecided
}
