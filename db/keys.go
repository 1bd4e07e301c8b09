package db

import (
	"cmp"
	"context"
	"slices"

	"proprio/resources"
)

// setKeys writes the values of a resource that are unique in its type, and the ids that it refers to, where they differ
// from what is there. A unique value that another resource has is ErrUniqueness with the attribute's path. Writers of
// one value wait for each other, so of two that claim it at once, one is refused.
func (w *writer) setKeys(ctx context.Context, r *resources.Resource) error {
	if r.Index.Keys == nil {
		return nil
	}
	var rows []struct {
		Path   string `db:"path"`
		Value  string `db:"value"`
		Unique bool   `db:"is_unique"`
	}
	err := w.list(ctx, w.tx, &rows, `select path, value, is_unique from attribute_keys where company_id = ? and resource_id = ?`,
		w.c.Company, r.ID)
	if err != nil {
		return err
	}
	old := map[resources.Key]bool{}
	for _, row := range rows {
		old[resources.Key{Path: row.Path, Value: row.Value, Unique: row.Unique}] = true
	}
	var added []resources.Key
	for _, k := range r.Index.Keys {
		if !old[k] {
			added = append(added, k)
		}
		delete(old, k)
	}
	err = w.removeKeys(ctx, r.ID, old)
	if err != nil {
		return err
	}
	return w.addKeys(ctx, r, added)
}

func (w *writer) removeKeys(ctx context.Context, id string, keys map[resources.Key]bool) error {
	if len(keys) == 0 {
		return nil
	}
	var rows [][2]string
	for k := range keys {
		rows = append(rows, [2]string{k.Path, k.Value})
	}
	_, err := w.exec(ctx, w.tx, `delete from attribute_keys where company_id = ? and resource_id = ?
		and exists (select 1 from `+w.dialect.rows()+` where `+w.dialect.field(0, "")+` = attribute_keys.path
		and `+w.dialect.field(1, "")+` = attribute_keys.value)`, w.c.Company, id, jsonText(rows))
	return err
}

// addKeys claims values in one order everywhere.
func (w *writer) addKeys(ctx context.Context, r *resources.Resource, keys []resources.Key) error {
	if len(keys) == 0 {
		return nil
	}
	slices.SortFunc(keys, func(a, b resources.Key) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Value, b.Value))
	})
	rows := make([][]any, len(keys))
	for i, k := range keys {
		rows[i] = []any{k.Path, k.Value, k.Unique}
	}
	f := w.dialect.field
	var claimed []struct {
		Path  string `db:"path"`
		Value string `db:"value"`
	}
	err := w.list(ctx, w.tx, &claimed, `insert into attribute_keys (company_id, type, path, value, resource_id, is_unique)
		select cast(? as text), cast(? as text), `+f(0, "")+`, `+f(1, "")+`, cast(? as text), `+f(2, "boolean")+`
		from `+w.dialect.rows()+` where true on conflict do nothing returning path, value`,
		w.c.Company, r.Type, r.ID, jsonText(rows))
	if err != nil || len(claimed) == len(keys) {
		return err
	}
	have := map[[2]string]bool{}
	for _, c := range claimed {
		have[[2]string{c.Path, c.Value}] = true
	}
	for _, k := range keys {
		if !have[[2]string{k.Path, k.Value}] {
			return resources.Errorf(resources.ErrUniqueness, k.Path, "another %s has the same %s", r.Type, k.Path)
		}
	}
	return nil
}

// holdReferred makes sure that what a change begins to point to is there until the change is: who looked before could not
// know of a removal that was just being made. Either that waits for this transaction and sees it, or this one waits.
func (w *writer) holdReferred(ctx context.Context, ch *resources.Change) error {
	if len(ch.Refers) == 0 {
		return nil
	}
	lock := ""
	if w.dialect.postgres {
		lock = " for key share"
	}
	var held []string
	err := w.list(ctx, w.tx, &held, `select id from resources where company_id = ? and id `+w.dialect.in()+` order by id`+lock,
		w.c.Company, w.dialect.values(ch.Refers))
	if err != nil {
		return err
	}
	for _, id := range ch.Refers {
		if !slices.Contains(held, id) {
			return resources.Errorf(resources.ErrInvalidValue, "", "The resource %q, to which this one was to refer, has just been removed.", id)
		}
	}
	return nil
}

// checkUnreferred is the other side of holdReferred: nothing may point to what is removed, but what is known to. The row
// of what is removed is locked already.
func (w *writer) checkUnreferred(ctx context.Context, ch *resources.Change) error {
	var others []string
	id := ch.Resource.ID
	err := w.list(ctx, w.tx, &others, `select x.id from (
			select resource_id as id from attribute_keys where company_id = ? and value = ? and not is_unique
			union all select id from resources where company_id = ? and manager = ?) as x
		where x.id <> ? and not x.id `+w.dialect.in()+` limit 1`,
		w.c.Company, resources.HashKey(id), w.c.Company, id, id, w.dialect.values(append([]string{}, ch.Keepers...))) // nil is SQL's null
	if err == nil && len(others) > 0 {
		return resources.Errorf(resources.ErrVersion, id, "%s has just begun to refer to %s", others[0], id)
	}
	return err
}

// Referrers implements resources.Store.
func (d *DB) Referrers(ctx context.Context, c resources.Caller, id string) ([]resources.Ref, error) {
	var rows []struct {
		Type string `db:"type"`
		ID   string `db:"resource_id"`
	}
	err := d.list(ctx, nil, &rows, `select distinct type, resource_id from attribute_keys
		where company_id = ? and value = ? and not is_unique order by type, resource_id`, c.Company, resources.HashKey(id))
	refs := make([]resources.Ref, len(rows))
	for i, row := range rows {
		refs[i] = resources.Ref{Type: row.Type, ID: row.ID}
	}
	return refs, err
}
