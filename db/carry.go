package db

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/backup"
)

// CarryOptions are the choices of CarryOver.
type CarryOptions struct {
	// Company is the name of the one to carry over; empty: all.
	Company string
	// Restart forgets what an earlier try carried over.
	Restart bool
	// Progress hears of each table that has arrived. May be nil.
	Progress func(table string, rows int64)
}

// Carried is what CarryOver did.
type Carried struct {
	Companies      []string // their names
	Resumed        int64    // rows that an earlier try had brought
	Source, Target []backup.Counted
}

// CarryOver carries companies from the SQLite database of one data folder over to a Postgres database: every row of every
// table that is theirs, whichever tables the schema has. Nobody writes to the source meanwhile: it is locked.
//
// Rows arrive by COPY in a schema apart, each batch in one transaction with the count of what has arrived: a try that
// was broken off is gone on with. Then, in one transaction, they are inserted into the tables that servers use, read back,
// and compared with the source: the companies are there whole or not at all. What is numbered by the database (the audit
// record) gets numbers after those in use there.
func CarryOver(ctx context.Context, from, into Config, o CarryOptions) (Carried, error) {
	err := keysetsFit(from, into)
	if err != nil {
		return Carried{}, err
	}
	source, err := Open(ctx, from) // at the newest schema, as the target
	if err != nil {
		return Carried{}, fmt.Errorf("source: %w", err)
	}
	defer source.Close()
	target, err := Open(ctx, into)
	if err != nil {
		return Carried{}, fmt.Errorf("target: %w", err)
	}
	defer target.Close()
	if source.dialect.postgres || !target.dialect.postgres {
		return Carried{}, errors.New("companies are carried over from SQLite to Postgres")
	}
	release, err := target.alone(ctx, "proprio migrate")
	if err != nil {
		return Carried{}, err
	}
	defer release()
	s, err := source.locked(ctx)
	if err != nil {
		return Carried{}, fmt.Errorf("source: %w", err)
	}
	defer s.Close()
	c := carriage{source: s, target: target, options: o}
	return c.carry(ctx)
}

// keysetsFit refuses a target whose keyset cannot open what the source's has sealed: secrets are carried over sealed.
func keysetsFit(from, into Config) error {
	need, err := from.KeysetAtHand()
	if err != nil || need == nil {
		return err
	}
	have, err := into.KeysetAtHand()
	if err != nil {
		return err
	}
	fits := false
	if have != nil {
		fits, err = KeysetCovers(have, need)
	}
	if err == nil && !fits {
		err = errors.New("the target's keyset lacks keys of the source's, and would not open its secrets: give the servers of the target a " +
			"keyset that has the keys of both (PROPRIO_KEYSET_FILE)")
	}
	return err
}

// locked is a snapshot that nobody writes after, until it is closed.
func (d *DB) locked(ctx context.Context) (*Snapshot, error) {
	tx, err := d.writer.BeginTxx(ctx, nil)
	if err != nil {
		return nil, mapError(err)
	}
	s := &Snapshot{d: d, tx: tx, part: part{ordered: true}}
	err = s.look(ctx)
	if err != nil {
		return nil, firstError(err, s.Close())
	}
	return s, nil
}

// carriage is one CarryOver.
type carriage struct {
	source    *Snapshot
	target    *DB
	options   CarryOptions
	companies []carriedCompany
	tables    []table // those that have rows of companies
	stage     *stage
}

type carriedCompany struct {
	ID   string `db:"id"`
	Name string `db:"name"`
}

func (c *carriage) ids() []string {
	ids := make([]string, len(c.companies))
	for i, company := range c.companies {
		ids[i] = company.ID
	}
	return ids
}

func (c *carriage) carry(ctx context.Context) (done Carried, err error) {
	err = c.choose(ctx)
	if err != nil {
		return done, err
	}
	for _, company := range c.companies {
		done.Companies = append(done.Companies, company.Name)
	}
	err = c.refuseTaken(ctx)
	if err == nil {
		c.stage, err = c.target.openStage(ctx, c.ids(), c.tables, c.options.Restart)
	}
	if err != nil {
		return done, err
	}
	for _, t := range c.tables {
		counted, resumed, err := c.bring(ctx, t)
		if err != nil {
			return done, fmt.Errorf("table %s: %w", t.Name, err)
		}
		done.Source, done.Resumed = append(done.Source, counted), done.Resumed+resumed
		if c.options.Progress != nil {
			c.options.Progress(t.Name, counted.Rows)
		}
	}
	done.Target, err = c.stage.settle(ctx, done.Source)
	return done, err
}

// choose finds the companies, and the tables that hold what is theirs, in both databases.
func (c *carriage) choose(ctx context.Context) error {
	query, args := `select id, name from companies order by id`, []any{}
	if c.options.Company != "" {
		query, args = `select id, name from companies where name = ?`, []any{c.options.Company}
	}
	err := c.source.tx.SelectContext(ctx, &c.companies, query, args...)
	if err != nil {
		return mapError(err)
	}
	if len(c.companies) == 0 {
		return fmt.Errorf("there is no company %q in the source (see proprio company list)", c.options.Company)
	}
	if c.options.Company != "" {
		c.source.part.companies = c.ids()
	}
	there, err := c.target.tables(ctx, c.target.writer)
	if err != nil {
		return err
	}
	for _, t := range c.source.all {
		i := slices.IndexFunc(there, func(x table) bool { return x.Name == t.Name })
		if i < 0 || !slices.Equal(there[i].Columns, t.Columns) {
			return fmt.Errorf("table %s is another one in the target: its schema was made by another version of Proprio", t.Name)
		}
		if t.company != "" {
			c.tables = append(c.tables, t)
		}
	}
	return nil
}

// refuseTaken tells which companies, names and domains the target has already.
func (c *carriage) refuseTaken(ctx context.Context) error {
	ids := jsonText(c.ids())
	for _, check := range []struct{ what, mine, theirs string }{
		{"company id", `select value from json_each(?)`, `select id from companies where id = any($1)`},
		{"company name", `select name from companies where id in (select value from json_each(?))`,
			`select name from companies where name = any($1)`},
		{"company name, in another letter case,",
			`select name_folded from companies where id in (select value from json_each(?)) and name_folded <> ''`,
			`select name_folded from companies where name_folded = any($1)`},
		{"verified domain", `select name from domains where company_id in (select value from json_each(?)) and verified > 0`,
			`select name from domains where verified > 0 and name = any($1)`},
	} {
		var mine, taken []string
		err := c.source.tx.SelectContext(ctx, &mine, check.mine, ids)
		if err == nil {
			err = c.target.writer.SelectContext(ctx, &taken, check.theirs, pq.Array(mine))
		}
		if err != nil {
			return mapError(err)
		}
		if len(taken) > 0 {
			return fmt.Errorf("the target holds the %s %q already: nothing was carried over", check.what, taken[0])
		}
	}
	return nil
}

// maxBatch bounds the rows, and the bytes, of one transaction.
const (
	maxBatch      = 10_000
	maxBatchBytes = 8 << 20
)

// bring copies a table's rows into the stage. All rows are counted; those that an earlier try brought are passed over: the
// order is that of the primary key.
func (c *carriage) bring(ctx context.Context, t table) (counted backup.Counted, resumed int64, err error) {
	resumed, err = c.stage.arrived(ctx, t)
	if err != nil {
		return counted, 0, err
	}
	var sum backup.Tally
	var batch [][]any
	bytes := 0
	flush := func() error {
		err := c.stage.receive(ctx, t, batch, sum.Rows)
		batch, bytes = batch[:0], 0
		return err
	}
	err = c.source.Rows(ctx, t.Table, func(row []any) error {
		err := sum.Add(t.Table, row)
		if err != nil || sum.Rows <= resumed {
			return err
		}
		batch, bytes = append(batch, slices.Clone(row)), bytes+weight(row)
		if len(batch) < maxBatch && bytes < maxBatchBytes {
			return nil
		}
		return flush()
	})
	if err == nil && len(batch) > 0 {
		err = flush()
	}
	return sum.Of(t.Table), min(resumed, sum.Rows), err
}

// weight is about how many bytes a row has.
func weight(row []any) (n int) {
	for _, v := range row {
		switch v := v.(type) {
		case string:
			n += len(v)
		case []byte:
			n += len(v)
		}
		n += 16
	}
	return n
}

// fillRows writes rows into a table of a schema.
func (d *DB) fillRows(ctx context.Context, tx *sqlx.Tx, t table, schema string, rows [][]any) error {
	fill, err := d.filler(ctx, tx, t, schema)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err == nil {
			err = fill.add(row)
		}
	}
	return fill.close(ctx, err)
}
