package db

import (
	"context"
	"math"
	"strconv"

	"github.com/jmoiron/sqlx"
)

const (
	// setAtOnce is how many resources one transaction counts, unless its milestone stands further. Writers wait for it on
	// Postgres.
	setAtOnce = 2048
	// lockPatience is how long it waits for the writers there are, while those who come after wait behind it.
	lockPatience = "100ms"
)

// keepMilestones brings a list's milestones up to its end, and puts those together that stand too close.
func (d *DB) keepMilestones(ctx context.Context, l list) error {
	s, err := d.standing(ctx, l, maxTail)
	if err == nil && s.Tail == maxTail {
		s, err = d.standing(ctx, l, math.MaxInt32)
	}
	if err != nil {
		return err
	}
	spacing := d.milestones.spacing
	apart := max(spacing, (s.Counted+s.Tail)/(d.milestones.most/2))
	for _, step := range []int{apart, spacing} { // then closer, so that few come after the last one
		for set := int64(1); s.Tail >= 2*spacing && set > 0; s.Tail -= int(set) * step {
			err := d.inMilestones(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
				set, err = d.setMilestones(ctx, tx, l, step)
				return err
			})
			if err != nil {
				return err
			}
			s.Milestones += int(set)
		}
	}
	if s.Milestones <= d.milestones.most+spacing && s.Corrections <= 2*spacing {
		return nil
	}
	return d.inMilestones(ctx, func(ctx context.Context, tx *sqlx.Tx) error { return d.joinMilestones(ctx, tx, l, apart) })
}

// standing is how a list stands.
type standing struct {
	Milestones  int `db:"milestones"`
	Corrections int `db:"corrections"`
	Counted     int `db:"counted"` // by them
	Tail        int `db:"tail"`    // after the last one, as far as was looked
}

func (d *DB) standing(ctx context.Context, l list, most int) (s standing, err error) {
	f := glue(fragment{`select (select count(*) from milestones m where m.company_id = ? and m.type = ?) as milestones,
		(select count(*) from milestone_corrections c where c.company_id = ? and c.type = ?) as corrections, `,
		[]any{l.company, l.typ, l.company, l.typ}},
		counted(l), raw(` as counted, (select count(*) from (`), tail(l), raw(` limit `+strconv.Itoa(most)+`) as tail) as tail`))
	return s, d.get(ctx, nil, &s, f.text, f.args...)
}

// inMilestones runs a transaction in which resources are neither made nor removed. When writers hold on for too long, it
// gives way: it is tried again at the next look.
func (d *DB) inMilestones(ctx context.Context, f func(ctx context.Context, tx *sqlx.Tx) error) error {
	return d.tryTx(ctx, false, func(ctx context.Context, tx *sqlx.Tx) error {
		err := d.lockMilestones(ctx, tx)
		if err != nil {
			return err
		}
		return f(ctx, tx)
	})
}

// lockMilestones keeps resources from being made and removed until the transaction ends.
func (d *DB) lockMilestones(ctx context.Context, tx *sqlx.Tx) error {
	if !d.dialect.postgres {
		return nil
	}
	var set string
	err := d.get(ctx, tx, &set, `select set_config('lock_timeout', '`+lockPatience+`', true)`)
	if err != nil {
		return err
	}
	_, err = d.exec(ctx, tx, `lock table milestone_corrections in share row exclusive mode`)
	return err
}

// setMilestones sets milestones after the last one. Some resources stay behind the last of them: those that are made at
// this moment by several replicas may come in another order than their clocks say.
func (d *DB) setMilestones(ctx context.Context, tx *sqlx.Tx, l list, apart int) (int64, error) {
	created, id := lastMilestone(l)
	f := glue(fragment{`insert into milestones (company_id, type, created, id, passed)
		select company_id, type, created, id, place + coalesce((select m.passed from milestones m where m.company_id = ? and m.type = ?
				order by m.created desc, m.id desc limit 1), 0) from (
			select company_id, type, created, id, row_number() over (order by created, id) as place, count(*) over () as rest from (
				select r.company_id, r.type, r.created, r.id from resources r
				where r.company_id = ? and r.type = ? and (r.created, r.id) > (`, []any{l.company, l.typ, l.company, l.typ}},
		created, raw(`, `), id, fragment{`) order by r.created, r.id limit ` + strconv.Itoa(max(apart, setAtOnce)+d.milestones.spacing) + `) as next) as placed
		where place % ? = 0 and rest - place >= ?`, []any{apart, d.milestones.spacing}})
	return d.write(ctx, tx, f)
}

// milestone is a row of milestones.
type milestone struct {
	Created int64  `db:"created"`
	ID      string `db:"id"`
	Passed  int64  `db:"passed"`
}

// joinMilestones puts corrections into the milestones after them, and takes milestones away that stand closer than they
// should.
func (d *DB) joinMilestones(ctx context.Context, tx *sqlx.Tx, l list, apart int) error {
	var all []milestone
	err := d.list(ctx, tx, &all, `select m.created, m.id, `+passedNow+` as passed from milestones m where m.company_id = ? and m.type = ?
		order by m.created, m.id`, l.company, l.typ)
	if err != nil {
		return err
	}
	err = d.removeMilestones(ctx, tx, l)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, m := range joined(all, int64(apart)) {
		rows = append(rows, []any{m.Created, m.ID, m.Passed})
	}
	f := d.dialect.field
	_, err = d.write(ctx, tx, fragment{`insert into milestones (company_id, type, created, id, passed)
		select cast(? as text), cast(? as text), ` + f(0, "bigint") + `, ` + f(1, "") + `, ` + f(2, "bigint") + ` from ` + d.dialect.rows(),
		[]any{l.company, l.typ, jsonText(rows)}})
	return err
}

// joined leaves a milestone out where its neighbours stand close enough without it. The last one stays where it is.
func joined(all []milestone, apart int64) []milestone {
	var kept []milestone
	var passed int64
	for i, m := range all {
		if i+1 == len(all) || all[i+1].Passed-passed > apart {
			kept, passed = append(kept, m), m.Passed
		}
	}
	return kept
}

func (d *DB) removeMilestones(ctx context.Context, tx *sqlx.Tx, l list) error {
	_, err := d.write(ctx, tx, fragment{`delete from milestone_corrections where company_id = ? and type = ?`, []any{l.company, l.typ}})
	if err == nil {
		_, err = d.write(ctx, tx, fragment{`delete from milestones where company_id = ? and type = ?`, []any{l.company, l.typ}})
	}
	return err
}

// write runs a statement on the transaction's own connection alone. Prepared on another one, as statements that
// are kept are, it would wait there for the lock that the transaction holds.
func (d *DB) write(ctx context.Context, tx *sqlx.Tx, f fragment) (int64, error) {
	res, err := tx.ExecContext(ctx, d.dialect.rebind(f.text), f.args...)
	if err != nil {
		return 0, mapError(err)
	}
	return res.RowsAffected()
}
