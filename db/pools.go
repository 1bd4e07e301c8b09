package db

import "database/sql"

// Pool is a set of connections to the database: on SQLite one of readers and one of the writer, on Postgres one for all.
type Pool struct {
	Name string
	sql.DBStats
}

// Pools tells how the connections to the database are used.
func (d *DB) Pools() []Pool {
	if d.writer == d.reader {
		return []Pool{{"all", d.reader.Stats()}}
	}
	return []Pool{{"readers", d.reader.Stats()}, {"writer", d.writer.Stats()}}
}

// Writes counts SQLite's transactions since the process began, and the changes that shared them; false on Postgres, which
// counts them itself.
func (d *DB) Writes() (transactions, changes int64, counted bool) {
	if d.group == nil {
		return 0, 0, false
	}
	return d.group.commits.Load(), d.group.members.Load(), true
}
