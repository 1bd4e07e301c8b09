package db

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"proprio/resources"
)

// setHidden writes what is never returned of a resource, sealed, where it differs from what is there.
func (w *writer) setHidden(ctx context.Context, r *resources.Resource) (changed bool, err error) {
	if r.Hidden == nil {
		return false, nil
	}
	old, err := w.hidden(ctx, []string{r.ID})
	if err != nil || bytes.Equal(old[r.ID], r.Hidden) {
		return false, err
	}
	sealed, err := w.sealer.Seal(r.Hidden, hiddenContext(w.c.Company, r.ID))
	if err != nil {
		return false, err
	}
	_, err = w.exec(ctx, w.tx, `insert into hidden_attributes (company_id, resource_id, sealed) values (?, ?, ?)
		on conflict (company_id, resource_id) do update set sealed = excluded.sealed`, w.c.Company, r.ID, sealed)
	return true, err
}

// hiddenContext binds a sealed value to its resource, so that it opens nowhere else.
func hiddenContext(company, id string) string { return "hidden " + company + " " + id }

// hidden reads what is never returned of resources, by id.
func (w *writer) hidden(ctx context.Context, ids []string) (map[string][]byte, error) {
	var rows []hiddenRow
	err := w.list(ctx, w.tx, &rows, selectHidden+w.dialect.in(), w.c.Company, w.dialect.values(ids))
	if err != nil {
		return nil, err
	}
	return w.open(w.c, rows)
}

type hiddenRow struct {
	ID     string `db:"resource_id"`
	Sealed []byte `db:"sealed"`
}

const selectHidden = `select resource_id, sealed from hidden_attributes where company_id = ? and resource_id `

func (d *DB) open(c resources.Caller, rows []hiddenRow) (map[string][]byte, error) {
	opened := make(map[string][]byte, len(rows))
	for _, row := range rows {
		plain, err := d.sealer.Open(row.Sealed, hiddenContext(c.Company, row.ID))
		if err != nil {
			return nil, err
		}
		opened[row.ID] = plain
	}
	return opened, nil
}

// fillHidden brings what is never returned of resources that are about to be changed.
func (d *DB) fillHidden(ctx context.Context, c resources.Caller, found []*resources.Resource) error {
	byID := map[string]*resources.Resource{}
	for _, r := range found {
		byID[r.ID] = r
	}
	var rows []hiddenRow
	err := d.list(ctx, nil, &rows, selectHidden+d.dialect.in(), c.Company, d.dialect.values(slices.Sorted(maps.Keys(byID))))
	if err != nil {
		return err
	}
	opened, err := d.open(c, rows)
	for id, plain := range opened {
		byID[id].Hidden = plain
	}
	return err
}
