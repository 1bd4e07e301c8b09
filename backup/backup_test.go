package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"proprio/backup"
)

// made is a source of made-up rows.
type made struct {
	tables []backup.Table
	rows   map[string][][]any
}

func (m made) Tables() []backup.Table { return m.tables }

func (m made) Rows(_ context.Context, t backup.Table, each func([]any) error) error {
	for _, row := range m.rows[t.Name] {
		if err := each(row); err != nil {
			return err
		}
	}
	return nil
}

// source holds every kind of column, and the values that a format forgets.
func source() made {
	all := backup.Table{Name: "all", Columns: []backup.Column{
		{Name: "t", Kind: backup.Text}, {Name: "i", Kind: backup.Integer}, {Name: "b", Kind: backup.Boolean},
		{Name: "y", Kind: backup.Bytes}, {Name: "j", Kind: backup.JSON},
	}, Last: 42}
	rows := [][]any{
		{"", int64(0), false, []byte{}, `{}`},
		{nil, nil, nil, nil, nil},
		{`\N`, int64(-9223372036854775808), true, []byte{0, 255, '\t', '\n'}, `{"b":1.50,"a":[null,true,"é\t"]}`},
		{"tab\there\nline\r\\back \\. é 𝄞 \xff", int64(9223372036854775807), true, []byte(`\x`), `"\\."`},
	}
	one := backup.Table{Name: "one", Columns: []backup.Column{{Name: "t", Kind: backup.Text}}}
	big := strings.Repeat("x", 300<<10)
	return made{[]backup.Table{all, one, {Name: "none", Columns: one.Columns}},
		map[string][][]any{"all": rows, "one": {{""}, {`\.`}, {big}, {string(noise(200 << 10))}}}}
}

// noise does not get smaller.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

var manifest = backup.Manifest{Schema: 18, Program: "test", Database: "sqlite", Taken: time.Unix(1, 0).UTC(), Position: 7, Companies: 1}

var secret = []byte("a secret of more than sixteen characters")

func write(t *testing.T, secret []byte) (file []byte, counted []backup.Counted) {
	t.Helper()
	var b bytes.Buffer
	counted, err := backup.Write(t.Context(), &b, secret, manifest, source())
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), counted
}

func verify(t *testing.T, file, secret []byte) ([]backup.Counted, error) {
	t.Helper()
	r, err := backup.Open(bytes.NewReader(file), secret)
	if err != nil {
		return nil, err
	}
	return r.Verify(t.Context())
}

// TestABackupGivesBackWhatWentIn: every value of every kind, the manifest, and the tallies.
func TestABackupGivesBackWhatWentIn(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string][]byte{"encrypted": secret, "in clear": nil} {
		file, counted := write(t, secret)
		r, err := backup.Open(bytes.NewReader(file), secret)
		if err != nil || !reflect.DeepEqual(r.Manifest, manifest) {
			t.Fatalf("%s: %v, manifest %+v", name, err, r.Manifest)
		}
		want := source()
		for n := 0; ; n++ {
			table, err := r.Next()
			if err == io.EOF && n == len(want.tables) {
				break
			}
			if err != nil || !reflect.DeepEqual(table, want.tables[n]) {
				t.Fatalf("%s: %v, table %+v, want %+v", name, err, table, want.tables[n])
			}
			var rows [][]any
			got, err := r.Rows(t.Context(), table, func(row []any) error { rows = append(rows, append([]any{}, row...)); return nil })
			if err != nil || got != counted[n] || !reflect.DeepEqual(rows, want.rows[table.Name]) {
				t.Errorf("%s, table %s: %v, counted %v of %v, rows differ", name, table.Name, err, got, counted[n])
			}
		}
		if bytes.Contains(file, []byte("line")) {
			t.Errorf("%s: a value can be read in the file", name)
		}
	}
}

// TestABackupThatIsNotWholeIsRefused: whatever byte is missing, added or altered is noticed, and what is the matter is told.
func TestABackupThatIsNotWholeIsRefused(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string][]byte{"encrypted": secret, "in clear": nil} {
		file, _ := write(t, secret)
		firstLine := bytes.IndexByte(file, '\n') + 1
		for n := 1; n < len(file); n += 1 + n/3 { // few in the first line: each needs the key derived
			if _, err := verify(t, file[:n], secret); !errors.Is(err, backup.ErrTruncated) {
				t.Errorf("%s, %d of %d bytes: %v, want ErrTruncated", name, n, len(file), err)
			}
		}
		step := (len(file) - firstLine) / 12
		for n := firstLine; n < len(file)-1; n += step {
			altered := bytes.Clone(file)
			altered[n] ^= 1 << (n % 8)
			_, err := verify(t, altered, secret)
			unseen := secret == nil && n < firstLine+10 // gzip's header holds a time and a system, which nothing reads
			if !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, backup.ErrTruncated) && !unseen {
				t.Errorf("%s, byte %d of %d altered: %v, want ErrDamaged", name, n, len(file), err)
			}
		}
		middle := bytes.Clone(file)
		middle = append(middle[:firstLine+100], middle[firstLine+101:]...)
		if _, err := verify(t, middle, secret); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("%s, a byte cut out: %v", name, err)
		}
		for _, more := range []int{1, 30, 5000} {
			longer := append(bytes.Clone(file), bytes.Repeat([]byte("\nEND "), more)[:more]...)
			told := fmt.Sprintf("%d bytes follow its end, which is at byte %d", more, len(file))
			if _, err := verify(t, longer, secret); !errors.Is(err, backup.ErrDamaged) || !strings.Contains(err.Error(), told) {
				t.Errorf("%s, %d bytes appended: %v", name, more, err)
			}
		}
	}
}

// TestTheKeyIsAsked: without it, with another one, and with a first line that lies about it.
func TestTheKeyIsAsked(t *testing.T) {
	t.Parallel()
	file, _ := write(t, secret)
	clearFile, _ := write(t, nil)
	for _, c := range []struct {
		name   string
		file   []byte
		secret []byte
		want   error
	}{
		{"no key", file, nil, backup.ErrNeedsKey},
		{"another key", file, []byte("another secret of sixteen characters"), backup.ErrWrongKey},
		{"no encryption claimed", bytes.Replace(file, []byte(`"AES256-GCM-HKDF-1MB"`), []byte(`"none"`), 1), secret, backup.ErrDamaged},
		{"another format", bytes.Replace(file, []byte(`"format":1`), []byte(`"format":9`), 1), secret, backup.ErrNewer},
		{"other first line", bytes.Replace(file, []byte(`"time":3`), []byte(`"time":2`), 1), secret, backup.ErrWrongKey},
		{"absurd memory", bytes.Replace(file, []byte(`"memory":65536`), []byte(`"memory":4294967295`), 1), secret, backup.ErrDamaged},
		{"something else", []byte("SQLite format 3\x00 and so on, for a while"), secret, backup.ErrNotBackup},
		{"nothing", nil, secret, backup.ErrTruncated},
		{"a key for none", clearFile, secret, backup.ErrNoKey},
		{"no key for none", clearFile, nil, nil},
		{"much memory", bytes.Replace(file, []byte(`"memory":65536`), []byte(`"memory":1048576`), 1), secret, backup.ErrDamaged},
		{"much time", bytes.Replace(file, []byte(`"time":3`), []byte(`"time":64`), 1), secret, backup.ErrDamaged},
		{"many threads", bytes.Replace(file, []byte(`"threads":4`), []byte(`"threads":255`), 1), secret, backup.ErrDamaged},
	} {
		if _, err := verify(t, c.file, c.secret); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := backup.Write(t.Context(), io.Discard, []byte("too short"), manifest, source()); err == nil {
		t.Error("a short secret was taken")
	}
}

// TestEqualRowsHaveEqualHashes: in any order, and with JSON as jsonb gives it back; what differs, differs.
func TestEqualRowsHaveEqualHashes(t *testing.T) {
	t.Parallel()
	table := backup.Table{Name: "t", Columns: []backup.Column{{Name: "j", Kind: backup.JSON}, {Name: "t", Kind: backup.Text}}}
	of := func(docs ...string) backup.Counted {
		var tally backup.Tally
		for _, doc := range docs {
			if err := tally.Add(table, []any{doc, "x"}); err != nil {
				t.Fatal(err)
			}
		}
		return tally.Of(table)
	}
	for _, same := range [][2]string{
		{`{"a":1,"b":[1.50,"é"]}`, `{ "b": [15e-1, "\u00e9"], "a": 1.0 }`},
		{`-0.0`, `0`}, {`1e3`, `1000`}, {`123456789012345678901234567890`, `123456789012345678901234567890.0`},
		{`{"a":1,"a":2}`, `{"a":2}`}, {`1E+2`, `100`},
	} {
		if of(same[0]) != of(same[1]) {
			t.Errorf("%s and %s are to be equal", same[0], same[1])
		}
	}
	for _, other := range [][2]string{
		{`{"a":1}`, `{"a":"1"}`}, {`[]`, `{}`}, {`[1,2]`, `[2,1]`}, {`1`, `-1`}, {`[12]`, `[1,2]`}, {`null`, `"null"`}, {`10`, `1`},
		{`9007199254740993`, `9007199254740992`},
	} {
		if of(other[0]) == of(other[1]) {
			t.Errorf("%s and %s are to differ", other[0], other[1])
		}
	}
	if of(`1`, `2`) != of(`2`, `1`) || of(`1`, `1`) == of(`1`) || of(`1`, `1`, `2`, `2`) == of(`1`, `1`, `3`, `3`) {
		t.Error("the order counts, or how often a row is there does not")
	}
	var tally backup.Tally
	if tally.Add(table, []any{`{"a":`, "x"}) == nil || tally.Add(table, []any{`{} {}`, "x"}) == nil {
		t.Error("what is no JSON was counted")
	}
}

// TestAFileIsThereWholeOrNotAtAll: nothing is overwritten unasked, and nothing is left of what was given up.
func TestAFileIsThereWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "b")
	put := func(text string, replace bool) error {
		f, err := backup.Create(path, replace)
		if err != nil {
			return err
		}
		defer f.Discard()
		if _, err := f.WriteString(text); err != nil {
			return err
		}
		return f.Commit()
	}
	const first, third = "PROPRIO-BACKUP first", "PROPRIO-BACKUP third"
	if err := put(first, false); err != nil {
		t.Fatal(err)
	}
	if put("second", false) == nil {
		t.Error("a file was overwritten unasked")
	}
	late, err := backup.Create(path+"2", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"2", []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if late.Commit() == nil {
		t.Error("a file that appeared meanwhile was overwritten")
	}
	late.Discard()
	if err := put(third, true); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	info, statErr := os.Stat(path)
	if err != nil || statErr != nil || string(text) != third || info.Mode().Perm() != 0o600 {
		t.Errorf("%q, %v, %v", text, err, info.Mode())
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

// TestOnlyBackupsAreReplaced: a slip with --force costs neither a database nor a key.
func TestOnlyBackupsAreReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := map[string]string{"database": "SQLite format 3\x00", "keyset": `{"primaryKeyId":1}`, "short": "PROPRIO", "empty": ""}
	for name, text := range other {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept := filepath.Join(t.TempDir(), "kept")
	if err := os.WriteFile(kept, []byte("PROPRIO-BACKUP kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(kept, filepath.Join(dir, "link")), os.Mkdir(filepath.Join(dir, "folder"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"database", "keyset", "short", "empty", "link", "folder"} {
		f, err := backup.Create(filepath.Join(dir, name), true)
		if err == nil {
			f.Discard()
			t.Errorf("%s is to be replaced", name)
		} else if !strings.Contains(err.Error(), name+" is no backup of Proprio") {
			t.Errorf("%s: %v", name, err)
		}
		text, _ := os.ReadFile(filepath.Join(dir, name))
		if was, file := other[name]; file && string(text) != was {
			t.Errorf("%s is now %q", name, text)
		}
	}
}
