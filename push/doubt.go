package push

import (
	"context"
	"errors"
	"maps"
	"net/http"

	"proprio/scim/client"
)

// What an app did although nobody heard of it is not lost from sight: what it may hold then is on record as a doubt, and the
// next change sends that attribute or member again, whatever is wanted by then. Without it, access that was given without an
// answer would not be taken away again: to the record it was never given.

// unheard says whether a change may have been made although no answer says so.
func unheard(err error) bool {
	var (
		answered *client.Error
		silent   *client.Unanswered
		broken   *client.BrokenAnswer
	)
	if errors.As(err, &answered) {
		return answered.Method != "" && (answered.Status >= http.StatusInternalServerError || answered.Status == http.StatusRequestTimeout)
	}
	return errors.As(err, &silent) || errors.As(err, &broken)
}

// doubted is what was written, with nil for each attribute that may be as wanted by now: it is neither the one nor the other.
func doubted(written, want fields) fields {
	out := maps.Clone(written)
	for _, key := range keys(written, want) {
		before, had := written[key]
		after, has := want[key]
		b, wasComplex := before.(fields)
		a, isComplex := after.(fields)
		switch {
		case key == "schemas" || had && has && same(before, after):
		case wasComplex && isComplex:
			out[key] = doubted(b, a)
		default:
			out[key] = nil
		}
	}
	return out
}

// lastWritten is what was written to the account last; nil: nothing was. Where the server died while it gave the access back,
// the account may have it.
func (j *job) lastWritten() (fields, error) {
	written, err := decodeFields(j.account.Written)
	if written != nil && j.account.RemoteID != "" && j.account.Begun != "" {
		written["active"] = nil
	}
	return written, err
}

// reviving notes that access is about to be given back, so that it is known even when nothing is heard of it any more.
func (j *job) reviving(ctx context.Context) error {
	name := j.account.ObjectName
	if err := j.ledger.begin(ctx, j.account.ID, name); err != nil {
		return err
	}
	j.account.Begun = name
	return nil
}

// doubtfulEpoch is that of a member that may be in the Group: none that is wanted has it.
const doubtfulEpoch = -1

// doubtMembers notes who may be in the Group after a call of which nothing was heard.
func (j *job) doubtMembers(record *groupRecord, chunk []memberChange, err error) {
	if !unheard(err) {
		return
	}
	for _, c := range chunk {
		if _, sent := record.Members[c.id]; !c.remove && !sent {
			record.Members[c.id] = doubtfulEpoch
		}
	}
	j.account.Written = encodeFields(record)
}
