package db

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Sealer encrypts secrets at rest (apps' tokens, client secrets) with a Tink AEAD keyset. A keyset can hold several
// keys: the primary one seals, every one opens, so a key is rotated by adding one.
type Sealer struct {
	aead    tink.AEAD
	primary []byte // the material of the primary key
}

// Derive makes a key for one purpose (RFC 5869). Every process with the keyset makes the same one, until the keyset's
// primary key is another; nothing that it protects tells anything of the keyset.
func (s *Sealer) Derive(purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, s.primary, nil, purpose, 32)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return key, nil
}

// Seal encrypts. The same associated data, which names what the secret belongs to, must be given to Open: a sealed
// value that is copied to another row does not open there.
func (s *Sealer) Seal(plaintext []byte, associated string) ([]byte, error) {
	sealed, err := s.aead.Encrypt(plaintext, []byte(associated))
	if err != nil {
		return nil, fmt.Errorf("seal a secret: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal made.
func (s *Sealer) Open(sealed []byte, associated string) ([]byte, error) {
	plaintext, err := s.aead.Decrypt(sealed, []byte(associated))
	if err != nil {
		return nil, fmt.Errorf("open a secret: it was sealed with another keyset or for something else: %w", err)
	}
	return plaintext, nil
}

// NewKeyset makes a keyset, as JSON, with one fresh AES-256-GCM key.
func NewKeyset() ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make a keyset: %w", err)
	}
	var buf bytes.Buffer
	err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&buf))
	if err != nil {
		return nil, fmt.Errorf("make a keyset: %w", err)
	}
	return buf.Bytes(), nil
}

func newSealer(text []byte) (*Sealer, error) {
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("read the keyset: %w", err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("read the keyset: %w", err)
	}
	material, err := primaryMaterial(text)
	if err != nil {
		return nil, fmt.Errorf("read the keyset: %w", err)
	}
	return &Sealer{primitive, material}, nil
}

// primaryMaterial finds the material of the primary key in a keyset, which Tink keeps to itself.
func primaryMaterial(text []byte) ([]byte, error) {
	var set keysetText
	err := json.Unmarshal(text, &set)
	if err != nil {
		return nil, err
	}
	for _, key := range set.Key {
		if key.KeyID == set.PrimaryKeyID && len(key.KeyData.Value) > 0 {
			return key.KeyData.Value, nil
		}
	}
	return nil, errors.New("it has no primary key")
}

// tryKeyset tells the log when the keyset opens none of the newest secrets in the database: it is another installation's,
// or was lost and made anew. Everything else works all the same, so that the secrets can be entered again.
func (d *DB) tryKeyset(ctx context.Context) error {
	s, err := d.TrySecrets(ctx)
	if err != nil || s.Tried == 0 || s.Opened {
		return err
	}
	d.logger.ErrorContext(ctx, "the keyset opens none of the stored secrets: restore the keyset, or set the apps' tokens and "+
		"the issuers' client secrets again", "error", s.Err)
	return nil
}

// loadSealer takes the keyset from the configuration, else from the data folder, where it is made on first use.
func loadSealer(c Config) (*Sealer, error) {
	if len(c.Keyset) > 0 {
		sealer, err := newSealer(c.Keyset)
		if err != nil {
			return nil, fmt.Errorf("the keyset that is given (PROPRIO_KEYSET) is none: %w", err)
		}
		return sealer, nil
	}
	if c.Data == "" {
		return nil, errors.New("secrets need a keyset: give one, or a data folder to keep it in")
	}
	file := filepath.Join(c.Data, keysetFile)
	json, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		json, err = makeKeysetFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("keyset file: %w", err)
	}
	sealer, err := newSealer(json)
	if err != nil {
		return nil, fmt.Errorf("%s is damaged; put a copy of it back, such as that of a backup made --with-keyset, or move it "+
			"away: then another is made, and secrets sealed with the old one must be entered again: %w", file, err)
	}
	return sealer, nil
}

// makeKeysetFile writes a new keyset where none is.
func makeKeysetFile(file string) ([]byte, error) {
	json, err := NewKeyset()
	if err != nil {
		return nil, err
	}
	return placeKeyset(file, json)
}

// placeKeyset writes a keyset where none is, and returns the one that is there. Of several processes that do so at once,
// the first wins and all use its keyset: a link, unlike a rename, does not replace.
func placeKeyset(file string, json []byte) ([]byte, error) {
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err != nil {
		return nil, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".keyset-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(json)
	err = firstError(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return nil, err
	}
	err = os.Link(tmp.Name(), file)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(file)
}
