package db

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"proprio/resources"
)

// dialect is every difference between SQLite and Postgres that shows in a query's text. Queries are written once, with
// ? for parameters, and ask it for the few words that differ.
type dialect struct {
	postgres bool
	bytes    bool // text is ordered by its bytes where nothing else is said: an index on it has that order
}

// rebind turns ? into $1, $2, … for Postgres.
func (d dialect) rebind(query string) string {
	if d.postgres {
		return sqlx.Rebind(sqlx.DOLLAR, query)
	}
	return query
}

// columnTypes are the words of a migration that the two databases spell differently.
var columnTypes = regexp.MustCompile(`\b(JSONDOC|ROWSEQ)\b`)

// onlyFor is a part of a migration for one of the two databases, such as a trigger: from "-- +only sqlite" or "-- +only
// postgres" to "-- +end".
var onlyFor = regexp.MustCompile(`(?ms)^-- \+only (sqlite|postgres)\n(.*?)^-- \+end\n`)

// migration spells a migration for the dialect: JSONDOC is a JSON document, ROWSEQ a primary key that counts up by
// itself. An index made CONCURRENTLY is left to makeIndexes on Postgres, and is an index like any other on SQLite, which
// serves nobody while it migrates. On Postgres a migration waits for no lock for long: whoever wants the same table
// queues behind one that waits.
func (d dialect) migration(text []byte) []byte {
	text = onlyFor.ReplaceAllFunc(text, func(part []byte) []byte {
		of := onlyFor.FindSubmatch(part)
		if (string(of[1]) == "postgres") != d.postgres {
			return nil
		}
		return of[2]
	})
	text = columnTypes.ReplaceAllFunc(text, func(word []byte) []byte {
		switch {
		case string(word) == "JSONDOC" && d.postgres:
			return []byte("jsonb")
		case string(word) == "JSONDOC":
			return []byte("text")
		case d.postgres:
			return []byte("bigint generated always as identity primary key")
		}
		return []byte("integer primary key autoincrement")
	})
	if !d.postgres {
		return concurrentIndex.ReplaceAll(text, []byte("create ${1}index $2 on $3$4;"))
	}
	text = concurrentIndex.ReplaceAll(text, nil)
	return bytes.Replace(text, []byte(migrationUp), []byte(migrationUp+"\nset local lock_timeout = '2s';\nset local statement_timeout = 0;"), 1)
}

// fold is the SQL for resources.Fold of a text expression.
func (d dialect) fold(expr string) string {
	if d.postgres {
		return fmt.Sprintf(`translate(lower(%s collate "und-x-icu"), 'ς', 'σ')`, expr)
	}
	return "fold(" + expr + ")"
}

// clock is the database's own time, as it is stored. Replicas measure their leases by it.
func (d dialect) clock() string {
	if d.postgres {
		return "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
	}
	return "cast(unixepoch('subsec') * 1000000 as integer)"
}

// doc is a parameter that carries a JSON document, for comparison and storage.
func (d dialect) doc() string {
	if d.postgres {
		return "?::jsonb"
	}
	return "?"
}

// in is the SQL for "is one of", over one parameter made by values.
func (d dialect) in() string {
	if d.postgres {
		return "= any(?::text[])"
	}
	return "in (select value from json_each(?))"
}

// values is the parameter for in.
func (d dialect) values(ids []string) any {
	if d.postgres {
		return pq.Array(ids)
	}
	return jsonText(ids)
}

// rows is a relation `row` with one row for each element of a JSON array of arrays, the parameter made by jsonText. Its
// columns are read with field. It lets one statement of a fixed text write any number of rows.
func (d dialect) rows() string {
	if d.postgres {
		return "jsonb_array_elements(?::jsonb) as row(value)"
	}
	return "json_each(?) as row"
}

// field is column i of rows as text; kind "" is text, else a column type such as bigint or boolean.
func (d dialect) field(i int, kind string) string {
	expr := fmt.Sprintf("(row.value ->> %d)", i)
	if kind == "" {
		return expr
	}
	return fmt.Sprintf("cast(%s as %s)", expr, kind)
}

// packed is the SQL for the texts in some columns of a subquery's rows, one after the other, each with its length before it
// as a netstring has it; null for no rows. They come in no order: to sort a few costs a database more than to find them.
// JSON would take it, and its reader, twice the time.
func (d dialect) packed(columns ...string) string {
	fields := make([]string, len(columns))
	for i, c := range columns {
		fields[i] = "octet_length(" + c + ") || ':' || " + c
	}
	if d.postgres {
		return "string_agg(" + strings.Join(fields, " || ") + ", '')"
	}
	return "group_concat(" + strings.Join(fields, " || ") + ", '')"
}

// unpack calls f with each row of so many columns in a packed text. The slice that it is given is used again.
func unpack(packed string, columns int, f func(row []string)) error {
	row, rest := make([]string, columns), packed
	for rest != "" {
		for i := range row {
			length, text, _ := strings.Cut(rest, ":")
			n, err := strconv.Atoi(length)
			if err != nil || n < 0 || n > len(text) {
				return fmt.Errorf("%.40q is no packed text", rest)
			}
			row[i], rest = text[:n], text[n:]
		}
		f(row)
	}
	return nil
}

// list is the SQL for a JSON array of an expression over the rows of a subquery; empty for none.
func (d dialect) list(expr string) string {
	if d.postgres {
		return fmt.Sprintf("coalesce(jsonb_agg(%s), '[]'::jsonb)", expr)
	}
	return fmt.Sprintf("json_group_array(%s)", expr)
}

// forUpdate locks the rows that a select reads, until the transaction ends. On SQLite the transaction has the
// database's write lock already.
func (d dialect) forUpdate() string {
	if d.postgres {
		return " for update"
	}
	return ""
}

// position is where a text (%s) holds another (%s), 0 for nowhere. Unlike LIKE it has no wildcards.
func (d dialect) position() string {
	if d.postgres {
		return "strpos(%s, %s)"
	}
	return "instr(%s, %s)"
}

// right is the last characters of a text (%s), as many as %s says, at least one.
func (d dialect) right() string {
	if d.postgres {
		return "right(%s, %s)"
	}
	return "substr(%s, -%s)"
}

// bytewise is a text that is ordered by its bytes, which is SQLite's way by itself.
func (d dialect) bytewise(expr string) string {
	if d.postgres {
		return "(" + expr + `) collate "C"`
	}
	return expr
}

// jsonValue is the value that keys lead to in a JSON expression, as SQL compares values of its kind: text as it is, a
// dateTime as microseconds, a boolean and a number as such. It is null where there is none.
func (d dialect) jsonValue(kind resources.Kind, base string, keys []string) fragment {
	value := d.jsonPath(base, keys)
	if !d.postgres {
		if kind == resources.KindDateTime {
			return sqlf("instant(%s)", value)
		}
		return value
	}
	switch kind {
	case resources.KindBoolean:
		return sqlf("(%s = 'true')", value)
	case resources.KindInteger, resources.KindDecimal:
		return sqlf("(%s)::numeric", value)
	case resources.KindDateTime: // cut to microseconds, not rounded; UTC where no zone is given: as resources.Instant
		return sqlf(`(extract(epoch from regexp_replace(regexp_replace(%s, '(\.\d{6})\d+', '\1'),
			'^(.{10}T[0-9:.]+)$', '\1Z')::timestamptz) * 1000000)::bigint`, value)
	}
	return value
}

func (d dialect) jsonPath(base string, keys []string) fragment {
	if d.postgres {
		return fragment{"(" + base + " #>> ?::text[])", []any{pq.Array(append([]string{}, keys...))}}
	}
	if len(keys) == 0 {
		return raw(base)
	}
	return fragment{"json_extract(" + base + ", ?)", []any{sqlitePath(keys)}}
}

// sqlitePath writes keys as SQLite's JSON path. Quoted, a key may hold the dots and colons of a URN.
func sqlitePath(keys []string) string { return `$."` + strings.Join(keys, `"."`) + `"` }

// jsonElements is a relation with the values of a list in a JSON expression as its column `value`, and their places in
// the list as `key`.
func (d dialect) jsonElements(base string, keys []string, alias string) fragment {
	if d.postgres {
		path := pq.Array(keys)
		return fragment{"jsonb_array_elements(case jsonb_typeof(" + base + " #> ?::text[]) when 'array' then " +
			base + " #> ?::text[] end) with ordinality as " + alias + "(value, key)", []any{path, path}}
	}
	return fragment{"json_each(" + base + ", ?) as " + alias, []any{sqlitePath(keys)}}
}

// jsonListed is one sub-attribute of the value at a position of a list in a resource's body.
func (d dialect) jsonListed(list, position, key string) fragment {
	if d.postgres {
		return raw(fmt.Sprintf("(r.body #>> array['%s', %s::text, '%s'])", list, position, key))
	}
	return raw(fmt.Sprintf("json_extract(r.body, '$.%s[' || %s || '].%s')", list, position, key))
}

// jsonText is a value as JSON in a string, which is how both drivers take a document.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("db: %T cannot be JSON: %v", v, err)) // only lists of strings, numbers and booleans are given
	}
	return string(b)
}
