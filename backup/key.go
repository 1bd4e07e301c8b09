package backup

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
	"golang.org/x/crypto/argon2"
)

// MinSecret is how many bytes the secret of a backup has at least.
const MinSecret = 16

// derivation is how a secret becomes a key (argon2id, RFC 9106): it stands in the backup, so that it can be made
// stronger one day.
type derivation struct {
	KDF     string `json:"kdf"`
	Salt    []byte `json:"salt"`
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory"` // KiB
	Threads uint8  `json:"threads"`
	// Check tells a wrong secret from an altered file. It tells nothing of the key.
	Check []byte `json:"check"`
}

// What a file may ask for: four times what this program writes. It asks before anything tells that it is genuine.
const (
	maxTime    = 12
	maxMemory  = 256 << 10 // KiB
	maxThreads = 16
)

// newDerivation has the second choice of RFC 9106 §4, for machines that cannot spare 2 GiB, and a fresh salt.
func newDerivation() derivation {
	salt := make([]byte, 16)
	rand.Read(salt)
	return derivation{KDF: "argon2id", Salt: salt, Time: 3, Memory: 64 << 10, Threads: 4}
}

// keys makes the key of the cipher and the check value.
func (d derivation) keys(secret []byte) (key, check []byte, err error) {
	if len(secret) < MinSecret {
		return nil, nil, fmt.Errorf("the secret of a backup has at least %d characters (openssl rand -base64 32 makes one)", MinSecret)
	}
	if d.KDF != "argon2id" || len(d.Salt) < 16 || d.Time < 1 || d.Time > maxTime || d.Memory > maxMemory ||
		d.Threads < 1 || d.Threads > maxThreads {
		return nil, nil, fmt.Errorf("%w: its first line asks for no key that this program makes", ErrDamaged)
	}
	master := argon2.IDKey(secret, d.Salt, d.Time, d.Memory, d.Threads, 32)
	key, err = hkdf.Key(sha256.New, master, nil, "proprio backup cipher", 32)
	if err == nil {
		check, err = hkdf.Key(sha256.New, master, nil, "proprio backup check", 16)
	}
	return key, check, err
}

// decrypt opens what was encrypted by a secret, and authenticates the first line with it.
func (d derivation) decrypt(text io.Reader, secret, line []byte) (io.Reader, error) {
	if secret == nil {
		return nil, ErrNeedsKey
	}
	key, check, err := d.keys(secret)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(check, d.Check) {
		return nil, ErrWrongKey
	}
	c, err := newCipher(key)
	if err != nil {
		return nil, err
	}
	text, err = c.NewDecryptingReader(text, line)
	return text, damaged(err)
}

// newCipher is Tink's AES256_GCM_HKDF_1MB: segments of 1 MiB that can be neither exchanged nor left out.
func newCipher(key []byte) (*subtle.AESGCMHKDF, error) {
	return subtle.NewAESGCMHKDF(key, "SHA256", 32, 1<<20, 0)
}

// What a backup that cannot be read is.
var (
	ErrNotBackup = errors.New("this is no backup of Proprio")
	ErrNeedsKey  = errors.New("the backup is encrypted: give the secret that it was made with (--key-file, or PROPRIO_BACKUP_KEY_FILE)")
	ErrNoKey     = errors.New("the backup is not encrypted, and a key is given: whoever had the file at hand may have made or altered it; " +
		"--unencrypted takes it all the same")
	ErrWrongKey  = errors.New("wrong key: the backup was made with another secret")
	ErrTruncated = errors.New("the backup is truncated: its end is missing; it was not written or not copied whole")
	ErrDamaged   = errors.New("the backup is damaged: it was altered or stored badly after it was made")
	ErrNewer     = errors.New("the backup was made by a newer version of Proprio: use that version or a later one")
)
