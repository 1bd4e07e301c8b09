package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// KeysetAtHand is the keyset that the database would be opened with, as JSON: the one that the configuration has, or the
// file in the data folder; nil when there is none yet. None is made.
func (c Config) KeysetAtHand() ([]byte, error) {
	if len(c.Keyset) > 0 || c.Data == "" {
		return c.Keyset, nil
	}
	text, err := os.ReadFile(filepath.Join(c.Data, keysetFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("keyset file: %w", err)
	}
	return text, nil
}

// keysetFile is its name in the data folder.
const keysetFile = "keyset.json"

// PutKeyset writes a keyset into a data folder that has none, and says in which file.
func PutKeyset(folder string, keyset []byte) (file string, err error) {
	file = filepath.Join(folder, keysetFile)
	_, err = newSealer(keyset)
	if err == nil {
		_, err = placeKeyset(file, keyset)
	}
	if err != nil {
		return "", fmt.Errorf("keyset file: %w", err)
	}
	return file, nil
}

// KeysetCovers tells whether a keyset opens everything that another one seals: it has each of its keys.
func KeysetCovers(have, need []byte) (bool, error) {
	all, err := keysOf(have)
	if err != nil {
		return false, err
	}
	wanted, err := keysOf(need)
	if err != nil {
		return false, err
	}
	for id, material := range wanted {
		if !slices.Equal(all[id], material) {
			return false, nil
		}
	}
	return true, nil
}

// keysOf reads the material of each key, by its id.
func keysOf(text []byte) (map[uint32][]byte, error) {
	_, err := newSealer(text)
	if err != nil {
		return nil, err
	}
	var set keysetText
	err = json.Unmarshal(text, &set)
	keys := map[uint32][]byte{}
	for _, key := range set.Key {
		keys[key.KeyID] = key.KeyData.Value
	}
	return keys, err
}

// keysetText is what Tink keeps to itself of a keyset.
type keysetText struct {
	PrimaryKeyID uint32 `json:"primaryKeyId"`
	Key          []struct {
		KeyID   uint32 `json:"keyId"`
		KeyData struct {
			Value []byte `json:"value"`
		} `json:"keyData"`
	} `json:"key"`
}

// Secrets says how the keyset at hand stands to the secrets in the database.
type Secrets struct {
	Tried  int  // how many of the newest were tried; 0: there are none
	Opened bool // one of them could be opened
	Keyset bool // there is a keyset at hand
	Err    error
}

// TrySecrets tries the keyset on the newest secrets in the database, and shows none.
func (d *DB) TrySecrets(ctx context.Context) (Secrets, error) {
	var rows []struct {
		Kind    string `db:"kind"`
		Company string `db:"company_id"`
		Owner   string `db:"owner"`
		Sealed  []byte `db:"sealed"`
	}
	s := Secrets{Keyset: d.sealer != nil}
	err := d.list(ctx, nil, &rows, `select kind, company_id, owner, sealed from (
			select 'app' as kind, company_id, id as owner, credential as sealed, created from apps
			union all select 'issuer', company_id, url, secret, created from issuers) secrets
		order by created desc limit 20`)
	s.Tried = len(rows)
	if err != nil || !s.Keyset {
		return s, err
	}
	for _, row := range rows {
		owner := credentialOf(row.Company, row.Owner)
		if row.Kind == "issuer" {
			owner = issuerSecret(row.Company, row.Owner)
		}
		if _, s.Err = d.sealer.Open(row.Sealed, owner); s.Err == nil {
			s.Opened = true
			break
		}
	}
	return s, nil
}

// Inspect opens a database as it is: neither a file nor a schema nor a keyset is made, and nothing is changed. What needs
// the newest schema or a keyset may fail on it.
func Inspect(c Config) (*DB, error) {
	if c.URL == "" {
		file := filepath.Join(c.Data, "proprio.db")
		_, err := os.Stat(file)
		if err != nil {
			return nil, fmt.Errorf("there is no database %s: %w", file, err)
		}
	}
	d, err := connect(c)
	if err != nil {
		return nil, err
	}
	text, err := c.KeysetAtHand()
	if err == nil && text != nil {
		d.sealer, err = newSealer(text)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}
