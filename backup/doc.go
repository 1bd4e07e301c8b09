// Package backup is the file that a backup of Proprio is kept in, whichever database it came from.
//
// It holds every table as text in the format of PostgreSQL's COPY, one row a line, so that a backup of SQLite can be
// restored into Postgres and the reverse, and a person can read it in an emergency. The tables and their columns are
// what the [Source] says they are: nothing here knows them. Each table is followed by its [Tally], how many rows it has
// and a hash of them that is the same whatever their order and whichever database keeps them.
//
//	PROPRIO-BACKUP {"format":1,"cipher":"AES256-GCM-HKDF-1MB","key":{…}}             in clear, authenticated
//	  ┌ encrypted (Tink streaming AEAD), then gzip:
//	  │ {"schema":18,"taken":"2026-01-01T02:00:00Z",…}                    the Manifest
//	  │ {"name":"companies","columns":[{"name":"id","kind":"text"},…],…}  a Table
//	  │ 0199…<tab>Atelier Brémond<tab>…                                   its rows
//	  │ \.{"rows":1,"hash":"5a…"}                                         its Tally
//	  └ \.{"tables":33,"rows":912}                                        the end
//	END 00000000000004d2                                                  the length of all before, in clear
//
// A file that is cut short lacks the last line; one that was opened with another key fails its check value; one that was
// altered fails the cipher's or gzip's check, or a table's Tally. The three are told apart.
//
//   - table.go: tables, columns, the manifest, and what a backup is made of
//   - row.go: a row as a line of text
//   - canonical.go, tally.go: what makes rows of two databases equal
//   - key.go: the key from a secret; envelope.go: the file around the text
//   - write.go, read.go: a whole backup
//   - file.go: a file that is there whole or not at all
package backup
