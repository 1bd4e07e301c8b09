package db

import (
	"context"

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
	s, err := d.standing(ctx, l)
	if err != nil {
		return err
	}
	apart := max(d.milestones.spacing, (s.Counted+s.Tail)/(d.milestones.most/2))
	for set := int64(1); s.Tail >= 2*d.milestones.spacing && set > 0; {
		err := d.inMilestones(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
			set, err = d.setMilestones(ctx, tx, l, apart)
			return err
		})
		if err != nil {
			return err
		}
		s.Rows += int(set)
	}
	if s.Rows <= d.milestones.most+d.milestones.spacing {
		return nil
	}
	return d.inMilestones(ctx, func(ctx context.Context, tx *sqlx.Tx) error { return d.joinMilestones(ctx, tx, l, apart) })
}

// standing is how a list stands.
type standing struct {
	Rows    int `db:"entries"` // in milestones
	Counted int `db:"counted"` // by them
	Tail    int `db:"tail"`    // after the last one
}

func (d *DB) standing(ctx context.Context, l list) (s standing, err error) {
	created, id := lastMilestone(l)
	f := glue(fragment{`select k.entries, k.counted,
		(select count(*) from resources t where t.company_id = ? and t.type = ? and (t.created, t.id) > (`, []any{l.company, l.typ}},
		created, raw(`, `), id, fragment{`)) as tail from (select count(*) as entries, cast(coalesce(sum(m.n), 0) as bigint) as counted
			from milestones m where m.company_id = ? and m.type = ?) as k`, []any{l.company, l.typ}})
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
	_, err = d.exec(ctx, tx, `lock table milestones in share row exclusive mode`)
	return err
}

// setMilestones sets milestones after the last one. Some resources stay behind the last of them: those that are made at
// this moment by several replicas may come in another order than their clocks say.
func (d *DB) setMilestones(ctx context.Context, tx *sqlx.Tx, l list, apart int) (int64, error) {
	created, id := lastMilestone(l)
	f := glue(fragment{`insert into milestones (company_id, type, created, id, n, correction)
		select company_id, type, created, id, cast(? as bigint), false from (
			select company_id, type, created, id, row_number() over (order by created, id) as place, count(*) over () as rest from (
				select r.company_id, r.type, r.created, r.id from resources r
				where r.company_id = ? and r.type = ? and (r.created, r.id) > (`, []any{apart, l.company, l.typ}},
		created, raw(`, `), id, fragment{`) order by r.created, r.id limit ?) as next) as placed
		where place % ? = 0 and rest - place >= ?`,
			[]any{max(apart, setAtOnce) + d.milestones.spacing, apart, d.milestones.spacing}})
	return d.write(ctx, tx, f)
}

// milestone is a row of milestones.
type milestone struct {
	Created    int64  `db:"created"`
	ID         string `db:"id"`
	N          int64  `db:"n"`
	Correction bool   `db:"correction"`
}

// joinMilestones puts corrections into the milestones that they correct, and neighbours together that stand closer than
// they should.
func (d *DB) joinMilestones(ctx context.Context, tx *sqlx.Tx, l list, apart int) error {
	var all []milestone
	err := d.list(ctx, tx, &all, `select created, id, n, correction from milestones where company_id = ? and type = ? order by created, id`,
		l.company, l.typ)
	if err != nil {
		return err
	}
	return d.replaceMilestones(ctx, tx, l, joined(corrected(all), int64(apart)))
}

// corrected puts each correction into the milestone after it. There is always one: corrections lie before the last.
func corrected(all []milestone) []milestone {
	var kept []milestone
	var n int64
	for _, m := range all {
		n += m.N
		if !m.Correction {
			m.N, n = n, 0
			kept = append(kept, m)
		}
	}
	return kept
}

// joined puts as many neighbours together as count no more than apart. The last milestone stays where it is.
func joined(all []milestone, apart int64) []milestone {
	var kept []milestone
	var n int64
	for i, m := range all {
		n += m.N
		if i+1 == len(all) || n+all[i+1].N > apart {
			m.N, n = n, 0
			kept = append(kept, m)
		}
	}
	return kept
}

func (d *DB) replaceMilestones(ctx context.Context, tx *sqlx.Tx, l list, all []milestone) error {
	_, err := d.write(ctx, tx, fragment{`delete from milestones where company_id = ? and type = ?`, []any{l.company, l.typ}})
	if err != nil {
		return err
	}
	rows := make([][]any, len(all))
	for i, m := range all {
		rows[i] = []any{m.Created, m.ID, m.N}
	}
	f := d.dialect.field
	_, err = d.write(ctx, tx, fragment{`insert into milestones (company_id, type, created, id, n, correction)
		select cast(? as text), cast(? as text), ` + f(0, "bigint") + `, ` + f(1, "") + `, ` + f(2, "bigint") + `, false from ` + d.dialect.rows(),
		[]any{l.company, l.typ, jsonText(rows)}})
	return err
}

// write runs a statement that is prepared on the transaction's own connection. Prepared on another one, as statements that
// are kept are, it would wait there for the lock that the transaction holds.
func (d *DB) write(ctx context.Context, tx *sqlx.Tx, f fragment) (int64, error) {
	stmt, err := d.prepareOnce(ctx, tx, f.text)
	if err != nil {
		return 0, mapError(err)
	}
	defer stmt.done()
	res, err := stmt.ExecContext(ctx, f.args...)
	if err != nil {
		return 0, mapError(err)
	}
	return res.RowsAffected()
}
