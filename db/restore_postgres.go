package db

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/backup"
)

// restorePostgres is Restore into a Postgres database: into a schema of its own, whose tables then move into the one that
// the URL leads to, in one transaction.
func restorePostgres(ctx context.Context, c Config, from *backup.Reader, replace bool) (r Restored, err error) {
	d := newDB(c)
	err = d.openPostgres(c)
	if err != nil {
		return r, err
	}
	defer d.Close()
	schema, err := d.schema(ctx)
	if err == nil {
		err = d.restorable(ctx, replace)
	}
	if err != nil {
		return r, err
	}
	release, err := d.alone(ctx, "proprio restore")
	if err != nil {
		return r, err
	}
	defer release()
	apart := schema + "_restoring"
	err = d.remakeSchema(ctx, apart)
	if err != nil {
		return r, err
	}
	defer func() { // what is in it by now is of no use to anybody
		_, _ = d.writer.ExecContext(context.WithoutCancel(ctx), `drop schema if exists `+pq.QuoteIdentifier(apart)+` cascade`)
	}()
	r.Tables, err = fillPostgres(ctx, c, apart, from)
	if err != nil {
		return r, err
	}
	aside := ""
	if replace {
		aside = schema + "_replaced_" + c.Now().UTC().Format("20060102t150405z")
	}
	if replace { // one may have been started meanwhile
		err = d.unserved(ctx)
		if err != nil {
			return r, err
		}
	}
	r.Placed = true // nobody knows when the connection is lost in the commit
	r.SetAside, err = d.moveIn(ctx, schema, apart, aside)
	if err == nil {
		_, err = d.writer.ExecContext(ctx, `analyze`)
	}
	return r, mapError(err)
}

// schema is where the URL leads to.
func (d *DB) schema(ctx context.Context) (string, error) {
	var name sql.NullString
	err := d.writer.GetContext(ctx, &name, `select current_schema()`)
	if err == nil && !name.Valid {
		err = fmt.Errorf("the database URL leads to no schema: search_path names none that exists")
	}
	return name.String, mapError(err)
}

// restorable refuses a schema that holds something, unless that is to be replaced and no server uses it.
func (d *DB) restorable(ctx context.Context, replace bool) error {
	tables, err := d.relations(ctx, d.writer)
	if err != nil || len(tables) == 0 {
		return err
	}
	if !replace {
		return fmt.Errorf("the database holds %d tables already (%s, …): restore into an empty one, or set them aside with --force",
			len(tables), tables[0])
	}
	return d.unserved(ctx)
}

// unserved refuses when a server holds a duty: it runs, or was killed just now. One of them always holds DutyServe.
func (d *DB) unserved(ctx context.Context) error {
	var there bool
	err := d.writer.GetContext(ctx, &there, `select to_regclass('duties') is not null`)
	if err != nil || !there {
		return mapError(err)
	}
	var owner string
	err = d.writer.GetContext(ctx, &owner, `select coalesce(max(owner), '') from duties where owner <> '' and lease_until > `+d.dialect.clock())
	if err == nil && owner != "" {
		err = fmt.Errorf("a server runs on this database (replica %s holds a lease), and what it writes would be lost: stop all of "+
			"them first; the lease of one that was killed ends after some seconds", owner)
	}
	return mapError(err)
}

// relations are the tables of the present schema, the one of goose too.
func (d *DB) relations(ctx context.Context, q sqlx.QueryerContext) (names []string, err error) {
	err = sqlx.SelectContext(ctx, q, &names, `select relname from pg_class where relkind in ('r', 'p')
		and relnamespace = (select oid from pg_namespace where nspname = current_schema()) order by relname`)
	return names, mapError(err)
}

// alone keeps others from doing the same in the same schema, until it is released or the connection ends.
func (d *DB) alone(ctx context.Context, what string) (release func(), err error) {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return nil, mapError(err)
	}
	var held bool
	err = conn.QueryRowContext(ctx, `select pg_try_advisory_lock(hashtextextended($1 || ' ' || current_schema(), 0))`, what).Scan(&held)
	if err == nil && !held {
		err = fmt.Errorf("another %s runs on this database", what)
	}
	if err != nil {
		_ = conn.Close()
		return nil, mapError(err)
	}
	return func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `select pg_advisory_unlock(hashtextextended($1 || ' ' || current_schema(), 0))`, what)
		_ = conn.Close()
	}, nil
}

// remakeSchema makes an empty schema; one of that name was left by somebody who was killed.
func (d *DB) remakeSchema(ctx context.Context, name string) error {
	name = pq.QuoteIdentifier(name)
	_, err := d.writer.ExecContext(ctx, `drop schema if exists `+name+` cascade; create schema `+name)
	if err != nil {
		return fmt.Errorf("make the schema %s, which takes the right CREATE on the database: %w", name, mapError(err))
	}
	return nil
}

// fillPostgres fills a schema.
func fillPostgres(ctx context.Context, c Config, schema string, from *backup.Reader) ([]backup.Counted, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", withoutURL(err))
	}
	q := u.Query()
	q.Set("search_path", pq.QuoteIdentifier(schema))
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // lib/pq takes a plus sign for one
	c.URL = u.String()
	d := newDB(c)
	err = d.openPostgres(c)
	if err != nil {
		return nil, err
	}
	all, err := d.refill(ctx, from)
	if err == nil {
		err = d.migrate(ctx)
	}
	return all, firstError(err, d.Close())
}

// moveIn moves the tables of one schema into another. What is there already moves into a third one, when there is a name
// for it. All of it happens, or nothing.
func (d *DB) moveIn(ctx context.Context, schema, from, aside string) (setAside string, err error) {
	err = d.fillTx(ctx, func(tx *sqlx.Tx) error {
		there, err := d.relations(ctx, tx)
		if err != nil {
			return err
		}
		if len(there) > 0 && aside == "" {
			return fmt.Errorf("the database got tables meanwhile (%s, …)", there[0])
		}
		if len(there) > 0 {
			setAside = aside
			_, err = tx.ExecContext(ctx, `create schema `+pq.QuoteIdentifier(aside))
			if err == nil {
				err = moveTables(ctx, tx, schema, aside)
			}
		}
		if err == nil {
			err = moveTables(ctx, tx, from, schema)
		}
		if err == nil { // fails when something is left in it
			_, err = tx.ExecContext(ctx, `drop schema `+pq.QuoteIdentifier(from))
		}
		return mapError(err)
	})
	return setAside, err
}

// moveTables moves all tables, with what belongs to them, and the functions that their triggers call.
func moveTables(ctx context.Context, tx *sqlx.Tx, from, to string) error {
	var names []string
	err := tx.SelectContext(ctx, &names, `select relname from pg_class where relkind in ('r', 'p') and not relispartition
		and relnamespace = (select oid from pg_namespace where nspname = $1) order by relname`, from)
	for _, name := range names {
		if err == nil {
			_, err = tx.ExecContext(ctx, `alter table `+pq.QuoteIdentifier(from)+`.`+pq.QuoteIdentifier(name)+
				` set schema `+pq.QuoteIdentifier(to))
		}
	}
	if err != nil {
		return err
	}
	var routines []string
	err = tx.SelectContext(ctx, &routines, `select cast(cast(oid as regprocedure) as text) from pg_proc
		where pronamespace = (select oid from pg_namespace where nspname = $1) order by 1`, from)
	for _, routine := range routines {
		if err == nil {
			_, err = tx.ExecContext(ctx, `alter routine `+routine+` set schema `+pq.QuoteIdentifier(to))
		}
	}
	return err
}
