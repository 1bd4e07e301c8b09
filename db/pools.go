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
