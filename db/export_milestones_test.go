package db

import (
	"context"
	"testing"
)

// SetMilestones makes milestones stand closer than they do, so that few resources have many.
func SetMilestones(d *DB, spacing, most int) { d.milestones.spacing, d.milestones.most = spacing, most }

// ForgetLocale has a database sort as one does whose indexes are not ordered by bytes.
func ForgetLocale(d *DB) { d.dialect.bytes = false }

// KeepMilestones is keepMilestones.
func KeepMilestones(ctx context.Context, d *DB, company, typ string) error {
	return d.keepMilestones(ctx, list{company, typ})
}

// Milestones is how many milestones and corrections a list has, and how many resources come after the last one.
func Milestones(t *testing.T, d *DB, company, typ string) (rows, tail int) {
	t.Helper()
	s, err := d.standing(t.Context(), list{company, typ}, maxTail)
	if err != nil {
		t.Fatal(err)
	}
	return s.Milestones + s.Corrections, s.Tail
}

// WaitForMilestones waits until no milestones are being set.
func WaitForMilestones(d *DB) { d.milestones.work.Wait() }
