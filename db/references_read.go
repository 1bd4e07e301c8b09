package db

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"proprio/resources"
)

// referring are the companies of whom a read has met references: what those are called comes with each row from then on. To
// look for it where there is none costs a tenth of a read.
type referring struct{ companies sync.Map }

// namesAlong says whether what references are called comes with the rows, where a further query would be a further wait. On
// SQLite, where nothing waits, one query for all that a page points to is less work.
func (d *DB) namesAlong(c resources.Caller, with resources.With) bool {
	if len(with.References) == 0 || !d.dialect.postgres {
		return false
	}
	_, referring := d.referring.companies.Load(c.Company)
	return referring
}

// nameColumns bring what a User's references are called, each with its id.
func nameColumns() string {
	name := func(id, as string) string {
		return `, (select n.id || ' ' || n.display_name from resources n where n.company_id = r.company_id and n.id = ` + id + `) as ` + as
	}
	return name(`r.manager`, `manager_name`) + name(`(r.body #>> '{`+resources.SchemaOwnership+`,sponsor,value}')`, `sponsor_name`)
}

// called is what came with a row about what one of its references is called.
func (row *resourceRow) called(id string) (name string, ok bool) {
	for _, column := range []*sql.NullString{&row.ManagerName, &row.SponsorName} {
		if name, ok := strings.CutPrefix(column.String, id+" "); ok {
			return name, true
		}
	}
	return "", false
}

// fillNames brings what the references of resources are called, and asks in one query for all that did not come with a row:
// references of a company's own, and those that lead nowhere.
func (d *DB) fillNames(ctx context.Context, c resources.Caller, attributes []string, found []*resources.Resource, rows []resourceRow) error {
	var ids []string
	var of []*resources.Resource // who points to each
	for i, r := range found {
		for _, attribute := range attributes {
			ref, ok := resources.FindReference(r.Body, attribute)
			if !ok {
				continue
			}
			if name, ok := rows[i].called(ref.ID); ok {
				setName(r, ref.ID, name)
				continue
			}
			ids, of = append(ids, ref.ID), append(of, r)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	d.referring.companies.Store(c.Company, true)
	names, err := d.names(ctx, c, ids)
	for i, id := range ids {
		if name, there := names[id]; there {
			setName(of[i], id, name)
		}
	}
	return err
}

func setName(r *resources.Resource, id, name string) {
	if r.Names == nil {
		r.Names = make(map[string]string, 1)
	}
	r.Names[id] = name
}
