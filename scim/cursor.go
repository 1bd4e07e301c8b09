package scim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"proprio/resources"
)

// cursor is what a cursor says (RFC 9865 §2): where in the order of a query a page begins, and how the walk began. It
// is sealed: a client can neither read it nor make one, and it opens only for the query that it is a page of.
type cursor struct {
	From     *resources.Position `json:"from,omitempty"` // nil: at the beginning, or the end
	Backward bool                `json:"backward,omitempty"`
	Count    int                 `json:"count"`
	Total    int                 `json:"total"`
	Expires  int64               `json:"expires"` // seconds since 1970
}

// cursors seals and opens cursors.
type cursors struct {
	key     []byte
	timeout time.Duration
	now     func() time.Time
}

// newCursors takes the key that all replicas share. Without one it makes a key of its own, which ends with the process.
func newCursors(s *Server) cursors {
	c := cursors{key: s.CursorKey, timeout: time.Duration(s.Limits.CursorTimeout) * time.Second, now: s.Now}
	if len(c.key) == 0 {
		c.key = make([]byte, 32)
		_, _ = rand.Read(c.key) // it never fails
	}
	return c
}

// maxCursor bounds the length of a cursor that is looked at. A position holds no more than resources.SortLength
// characters of a value, or a userName, which as JSON may be six times as long.
const maxCursor = 16 << 10

// scope is what a cursor is good for: one query of one connection of one company. A cursor that was sealed for another
// scope does not open, and its error is that of one that was made up (RFC 9865 §5.2).
type scope struct {
	company string
	query   []byte // what the client must repeat on every page, and where it asks
}

// cipher is that of a company.
func (c cursors) cipher(company string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, c.key, nil, "proprio scim cursor "+company, 32)
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal writes a cursor, good from now on for the timeout.
func (c cursors) seal(s scope, cur cursor) (string, error) {
	cur.Expires = c.now().Add(c.timeout).Unix() + 1 // a part of a second more, never less
	return c.sealAny(s, cur)
}

// open reads a cursor that this service sealed for a scope.
func (c cursors) open(s scope, text string) (cursor, error) {
	var cur cursor
	if !c.openAny(s, text, &cur) {
		return cursor{}, resources.Errorf(resources.ErrInvalidCursor, "cursor", "The cursor is not one of this query. "+
			"Repeat the query as it was with the nextCursor or previousCursor of its last page, or begin anew with an empty cursor.")
	}
	if c.now().Unix() >= cur.Expires {
		return cursor{}, resources.Errorf(resources.ErrExpiredCursor, "cursor",
			"The cursor is older than %s. Begin anew with an empty cursor.", c.timeout)
	}
	return cur, nil
}

// sealAny writes what a client is to bring back in unreserved characters (RFC 3986 §2.3).
func (c cursors) sealAny(s scope, value any) (string, error) {
	aead, err := c.cipher(s.company)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("cursor: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, plain, s.query)), nil
}

// openAny reads what sealAny wrote for that scope; false for anything else.
func (c cursors) openAny(s scope, text string, value any) bool {
	aead, err := c.cipher(s.company)
	if err != nil || len(text) > maxCursor {
		return false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return false
	}
	plain, err := aead.Open(nil, nil, sealed, s.query)
	if err != nil {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(plain))
	decoder.DisallowUnknownFields() // a version of this program may have written otherwise
	return decoder.Decode(value) == nil
}
