package db

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"proprio/resources"
)

// object is what a dirty mark is about.
type object struct{ Type, ID string }

// mark notes that apps may have to hear of an object. They hear of Users and Groups, and of nothing else.
func (w *writer) mark(typ, id string) {
	if typ == resources.TypeUser || typ == resources.TypeGroup {
		w.marks[object{typ, id}] = true
	}
}

// intoMarks and raiseMarks set marks, and raise those that are set.
const intoMarks, raiseMarks = `insert into dirty (company_id, object_type, object_id, seq, marked_at)`,
	` on conflict (company_id, object_type, object_id) do update set
		seq = case when dirty.seq < excluded.seq then excluded.seq else dirty.seq + 1 end, marked_at = excluded.marked_at`

// writeMarks sets or raises the collected marks, in one statement and in one order everywhere. seq starts at the clock
// and only grows, so that a mark removed and set again is never taken for the one that was read before.
func (w *writer) writeMarks(ctx context.Context) error {
	if len(w.marks) == 0 {
		return nil
	}
	objects := slices.SortedFunc(maps.Keys(w.marks), func(a, b object) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	now, rows := micros(w.now()), make([][]any, len(objects))
	if !w.dialect.postgres {
		for i, o := range objects {
			rows[i] = []any{w.c.Company, o.Type, o.ID, now, now}
		}
		return w.insertValues(ctx, w.tx, intoMarks, rows, raiseMarks)
	}
	for i, o := range objects {
		rows[i] = []any{o.Type, o.ID}
	}
	_, err := w.exec(ctx, w.tx, intoMarks+` select cast(? as text), `+w.dialect.field(0, "")+`, `+w.dialect.field(1, "")+`, cast(? as bigint), cast(? as bigint)
		from `+w.dialect.rows()+` where true`+raiseMarks,
		w.c.Company, now, now, jsonText(rows))
	return err
}
