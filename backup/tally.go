package backup

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
)

// Tally counts rows and sums up their hashes, so that it is the same in whatever order they come: two tables with equal
// tallies hold the same rows. It finds what differs; it is no protection against somebody who makes rows to fit, which is
// what the encryption is for.
type Tally struct {
	Rows int64
	sum  [4]uint64 // the SHA-256 of every row, added modulo 2²⁵⁶
	line []byte
}

// Add counts a row of a table.
func (t *Tally) Add(table Table, row []any) error {
	t.line = t.line[:0]
	for i, v := range row {
		text, ok := v.(string)
		if !ok || table.Columns[i].Kind != JSON {
			t.line = append(appendRow(t.line, row[i:i+1]), '\t')
			continue
		}
		line, err := canonicalJSON(t.line, text)
		if err != nil {
			return fmt.Errorf("table %s, column %s: %w", table.Name, table.Columns[i].Name, err)
		}
		t.line = append(line, '\t')
	}
	t.Rows++
	hash := sha256.Sum256(t.line)
	var carry uint64
	for i := range t.sum {
		t.sum[i], carry = bits.Add64(t.sum[i], binary.LittleEndian.Uint64(hash[8*i:]), carry)
	}
	return nil
}

// hash is the sum in hexadecimal digits.
func (t *Tally) hash() string {
	var b []byte
	for _, word := range t.sum {
		b = binary.LittleEndian.AppendUint64(b, word)
	}
	return hex.EncodeToString(b)
}

// Of is what was counted of a table.
func (t *Tally) Of(table Table) Counted { return Counted{table.Name, t.Rows, t.hash()} }

// Counted is a table, how many rows it has, and their hash. Equal ones hold the same rows.
type Counted struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Hash  string `json:"hash"`
}
