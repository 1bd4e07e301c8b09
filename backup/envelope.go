package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	magic   = "PROPRIO-BACKUP "
	endMark = "\nEND %016x\n"
	endSize = len("\nEND 0123456789abcdef\n")
	format  = 1
	cipher  = "AES256-GCM-HKDF-1MB"
)

// opening is the first line, in clear. An encrypted backup authenticates it.
type opening struct {
	Format int         `json:"format"`
	Cipher string      `json:"cipher"` // "none": not encrypted
	Key    *derivation `json:"key,omitempty"`
}

// sealing writes a backup's envelope: what is written to it is compressed and encrypted.
type sealing struct {
	out     *counter
	cipher  io.WriteCloser // nil: none
	gzip    *gzip.Writer
	Encoded *bufio.Writer // takes the text
}

// counter counts what passes.
type counter struct {
	w io.Writer
	n int64
}

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// seal begins an envelope. Without a secret it is not encrypted.
func seal(w io.Writer, secret []byte) (*sealing, error) {
	first := opening{Format: format, Cipher: "none"}
	var key []byte
	if secret != nil {
		d := newDerivation()
		var err error
		key, d.Check, err = d.keys(secret)
		if err != nil {
			return nil, err
		}
		first.Cipher, first.Key = cipher, &d
	}
	text, err := json.Marshal(first)
	if err != nil {
		return nil, err
	}
	line := []byte(magic + string(text) + "\n")
	s := &sealing{out: &counter{w: w}}
	_, err = s.out.Write(line)
	if err != nil {
		return nil, err
	}
	var under io.Writer = s.out
	if key != nil {
		c, err := newCipher(key)
		if err == nil {
			s.cipher, err = c.NewEncryptingWriter(s.out, line)
		}
		if err != nil {
			return nil, fmt.Errorf("encrypt: %w", err)
		}
		under = s.cipher
	}
	s.gzip, err = gzip.NewWriterLevel(under, gzip.BestSpeed)
	s.Encoded = bufio.NewWriterSize(s.gzip, 1<<16)
	return s, err
}

// close ends the envelope.
func (s *sealing) close() error {
	err := s.Encoded.Flush()
	if err == nil {
		err = s.gzip.Close()
	}
	if err == nil && s.cipher != nil {
		err = s.cipher.Close()
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, endMark, s.out.n)
	return err
}

// unseal opens an envelope and returns the text in it. With a secret, it has to be one that the secret sealed.
func unseal(file io.ReadSeeker, secret []byte) (text io.Reader, encrypted bool, err error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, false, err
	}
	first, line, err := readOpening(file)
	if err != nil {
		return nil, false, err
	}
	if first.Key == nil && secret != nil {
		return nil, false, ErrNoKey
	}
	body := size - int64(endSize)
	err = checkEnd(file, body, int64(len(line)))
	if err == nil {
		_, err = file.Seek(int64(len(line)), io.SeekStart)
	}
	if err != nil {
		return nil, false, err
	}
	text = bufio.NewReaderSize(io.LimitReader(file, body-int64(len(line))), 1<<16)
	if first.Key != nil {
		text, err = first.Key.decrypt(text, secret, line)
		if err != nil {
			return nil, true, err
		}
	}
	text, err = gzip.NewReader(text)
	return text, first.Key != nil, damaged(err)
}

// readOpening reads the first line.
func readOpening(file io.ReadSeeker) (first opening, line []byte, err error) {
	_, err = file.Seek(0, io.SeekStart)
	if err != nil {
		return first, nil, err
	}
	line, err = bufio.NewReader(io.LimitReader(file, 4096)).ReadBytes('\n')
	text, ok := bytes.CutPrefix(line, []byte(magic))
	switch {
	case !ok && bytes.HasPrefix([]byte(magic), line):
		return first, nil, ErrTruncated
	case !ok:
		return first, nil, ErrNotBackup
	case errors.Is(err, io.EOF) && len(line) < 4096:
		return first, nil, ErrTruncated
	case err != nil:
		return first, nil, ErrDamaged
	}
	err = json.Unmarshal(text, &first)
	switch {
	case err != nil:
		return first, nil, damaged(err)
	case first.Format > format:
		return first, nil, ErrNewer
	case first.Format != format, (first.Cipher == cipher) != (first.Key != nil), first.Cipher != cipher && first.Cipher != "none":
		return first, nil, fmt.Errorf("%w: its first line is none that this program writes", ErrDamaged)
	}
	return first, line, nil
}

// checkEnd looks whether the last line is there, and says that nothing before it is missing.
func checkEnd(file io.ReadSeeker, body, least int64) error {
	if body < least {
		return ErrTruncated
	}
	_, err := file.Seek(body, io.SeekStart)
	if err != nil {
		return err
	}
	end := make([]byte, endSize)
	_, err = io.ReadFull(file, end)
	if err != nil {
		return err
	}
	if string(end) == fmt.Sprintf(endMark, body) {
		return nil
	}
	if bytes.HasPrefix(end, []byte("\nEND ")) {
		return fmt.Errorf("%w: it is not as long as it was", ErrDamaged)
	}
	return tooLong(file, body+int64(endSize))
}

// tooLong tells a file whose last line is not the last one from one that has none: what was appended to it, unless that is
// longer than anybody appends by mistake.
func tooLong(file io.ReadSeeker, size int64) error {
	from := max(0, size-1<<20)
	_, err := file.Seek(from, io.SeekStart)
	if err != nil {
		return err
	}
	tail, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	for rest := tail; ; {
		at := bytes.LastIndex(rest, []byte("\nEND "))
		if at < 0 {
			return ErrTruncated
		}
		if end := from + int64(at); bytes.HasPrefix(tail[at:], fmt.Appendf(nil, endMark, end)) {
			end += int64(endSize)
			return fmt.Errorf("%w: %d bytes follow its end, which is at byte %d", ErrDamaged, size-end, end)
		}
		rest = rest[:at]
	}
}

// damaged is what went wrong with what is inside the envelope. The cipher and gzip say no more than that it does not fit.
func damaged(err error) error {
	if err == nil || errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w (%w)", ErrDamaged, err)
}
