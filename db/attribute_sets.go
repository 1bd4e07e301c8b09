package db

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
)

// The creations of one identity provider name the same attributes again and again: half of what an entry of the record
// would hold. So each set of names is kept once for a company, in the table attribute_sets, and the entry of a creation
// holds its id. Other changes name few attributes, and hold them as they are.
//
// An entry only refers to a set that is committed: until this process knows it to be, entries hold the names themselves.
// A set that comes twice is written once the transaction that brought it has ended, so that no change waits for it, none is
// undone with another one's, and what comes once only costs nothing.

const (
	// leastSet is how long a list of names must be, as JSON, to be kept as a set.
	leastSet = 64
	// maxSets bounds the sets that are known in a process; past it all are learnt again.
	maxSets = 4096
	// setTrust is how long a set is taken to be there without being written again. A database may lose what it had
	// committed, when a standby that was behind takes over; the names are there again at the next writing.
	setTrust = 10 * time.Minute
)

// attributeSet is a set of names of one company.
type attributeSet struct{ company, id string }

// setStanding is what is known of a set.
type setStanding struct {
	until time.Time // it is in the table so long; zero: nobody looked
	other bool      // its id is that of another set: its names are never referred to
}

// attributeSets are those that this process has seen.
type attributeSets struct {
	mu     sync.Mutex
	seen   map[attributeSet]setStanding
	wanted map[attributeSet]string // to be written: names
}

func newAttributeSets() *attributeSets {
	return &attributeSets{seen: map[attributeSet]setStanding{}, wanted: map[attributeSet]string{}}
}

// setID is the id of a set: short, because every entry holds it. That two sets of a company have one id is possible, so
// keepSet compares the names.
func setID(names string) string {
	hash := sha256.Sum256([]byte(names))
	return base64.RawURLEncoding.EncodeToString(hash[:6])
}

// refer is the id that stands for names; empty when they must be written out.
func (s *attributeSets) refer(company, names string, now time.Time) string {
	set := attributeSet{company, setID(names)}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, seen := s.seen[set]
	switch {
	case known.other:
		return ""
	case now.Before(known.until):
		return set.id
	case seen:
		s.wanted[set] = names
	case len(s.seen) >= maxSets:
		clear(s.seen)
		clear(s.wanted)
		fallthrough
	default:
		s.seen[set] = setStanding{}
	}
	return ""
}

// take returns the sets to be written, which are nobody else's to write then.
func (s *attributeSets) take() map[attributeSet]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wanted) == 0 {
		return nil
	}
	all := s.wanted
	s.wanted = map[attributeSet]string{}
	return all
}

func (s *attributeSets) learn(set attributeSet, is setStanding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[set] = is
}

// changedText is what an entry holds of the names that changed: themselves, as a JSON array, or the id of their set.
func (d *DB) changedText(e audit.Entry) string {
	if len(e.Changed) == 0 {
		return "[]"
	}
	names := storable(jsonText(e.Changed))
	if e.Action != audit.ActionCreate || len(names) < leastSet {
		return names
	}
	if id := d.sets.refer(e.Company, names, d.now()); id != "" {
		return id
	}
	return names
}

// changedColumns are the values of the columns changed and attributes.
func changedColumns(text string) (changed, attributes string) {
	if text[0] == '[' {
		return text, ""
	}
	return "[]", text
}

// keepSets writes the sets that entries should refer to from now on. It is called after a transaction: within one it does
// nothing. That it fails costs bytes only; the set is written when it comes again.
func (d *DB) keepSets(ctx context.Context) {
	if d.carried(ctx) != nil {
		return
	}
	for set, names := range d.sets.take() {
		err := d.keepSet(ctx, set, names)
		if err != nil {
			d.logger.DebugContext(ctx, "a set of attribute names was not kept", "error", err)
		}
	}
}

func (d *DB) keepSet(ctx context.Context, set attributeSet, names string) error {
	var kept string
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `insert into attribute_sets (company_id, id, names) values (?, ?, ?)
			on conflict (company_id, id) do nothing`, set.company, set.id, names)
		if err == nil {
			err = d.get(ctx, tx, &kept, `select names from attribute_sets where company_id = ? and id = ?`, set.company, set.id)
		}
		return err
	})
	if err == nil {
		d.sets.learn(set, setStanding{until: d.now().Add(setTrust), other: kept != names})
	}
	return err
}
