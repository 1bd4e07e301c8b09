package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
)

type typeRow struct {
	Name       string `db:"name"`
	Definition string `db:"definition"`
	Revision   int64  `db:"revision"`
}

func (row typeRow) definition() (*resources.Definition, error) {
	d, err := resources.ParseDefinition([]byte(row.Definition))
	if err != nil {
		return nil, fmt.Errorf("stored resource type %s: %w", row.Name, err)
	}
	d.Revision = row.Revision
	return d, nil
}

const selectTypes = `select name, definition, revision from resource_types where company_id = ?`

// Definitions returns a company's own resource types, by name.
func (d *DB) Definitions(ctx context.Context, company string) ([]*resources.Definition, error) {
	return d.definitions(ctx, nil, company)
}

func (d *DB) definitions(ctx context.Context, tx *sqlx.Tx, company string) ([]*resources.Definition, error) {
	var rows []typeRow
	if err := d.list(ctx, tx, &rows, selectTypes+` order by created, name`, company); err != nil {
		return nil, err
	}
	definitions := make([]*resources.Definition, len(rows))
	for i, row := range rows {
		var err error
		if definitions[i], err = row.definition(); err != nil {
			return nil, err
		}
	}
	return definitions, nil
}

// SetDefinition adds a resource type to a company's, or with replace, puts another definition in the place of the one
// of that name. While there are resources of it, the new definition must leave all of them valid (ErrInvalidValue says
// what does not). It tells whether anything changed.
func (d *DB) SetDefinition(ctx context.Context, actor audit.Actor, company string, def *resources.Definition, replace bool) (changed bool, err error) {
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		changed = false
		revision, err := d.nextRevision(ctx, tx, company)
		if err != nil {
			return err
		}
		all, err := d.definitions(ctx, tx, company)
		if err != nil {
			return err
		}
		old := take(&all, def.Name())
		switch {
		case old != nil && string(old.JSON()) == string(def.JSON()):
			return errUnchanged
		case old != nil && !replace:
			return resources.Errorf(resources.ErrUniqueness, "", "there is a resource type %s already, with another definition", def.Name())
		case old != nil || def.Extends():
			err = d.checkCompatible(ctx, tx, company, old, def)
		}
		if err != nil {
			return err
		}
		if _, err := resources.CompileRegistry(append(all, def)...); err != nil {
			return err
		}
		changed = true
		return d.writeDefinition(ctx, tx, actor, company, def, old != nil, revision)
	})
	d.types.forget(company)
	if errors.Is(err, errUnchanged) {
		return false, nil
	}
	return changed, err
}

// errUnchanged rolls a transaction back that has nothing to write.
var errUnchanged = errors.New("unchanged")

// take finds a definition by name and takes it out of a list.
func take(all *[]*resources.Definition, name string) *resources.Definition {
	for i, d := range *all {
		if d.Name() == name {
			rest := append([]*resources.Definition{}, (*all)[:i]...)
			*all = append(rest, (*all)[i+1:]...)
			return d
		}
	}
	return nil
}

// nextRevision raises the revision of a company's resource types. Whoever changes them next waits here.
func (d *DB) nextRevision(ctx context.Context, tx *sqlx.Tx, company string) (revision int64, err error) {
	err = d.get(ctx, tx, &revision, `insert into resource_type_revisions (company_id, revision)
		select id, 1 from companies where id = ?
		on conflict (company_id) do update set revision = resource_type_revisions.revision + 1 returning revision`, company)
	return revision, named(err, "company %q does not exist", company)
}

// checkCompatible refuses a definition that resources in place would not satisfy. old is nil where an extension is new.
func (d *DB) checkCompatible(ctx context.Context, tx *sqlx.Tx, company string, old, def *resources.Definition) error {
	// Writers of resources that know the old definition hold its row; this waits for them (see checkDefinition).
	var locked []string
	err := d.list(ctx, tx, &locked, `select name from resource_types where company_id = ? and name = ?`+d.dialect.forUpdate(),
		company, def.Name())
	if err != nil {
		return err
	}
	some, err := d.hasResources(ctx, tx, company, def.Name())
	if err != nil || !some {
		return err
	}
	return resources.Compatible(old, def)
}

func (d *DB) hasResources(ctx context.Context, tx *sqlx.Tx, company, typ string) (bool, error) {
	var id string
	err := d.get(ctx, tx, &id, `select id from resources where company_id = ? and type = ? limit 1`, company, typ)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

func (d *DB) writeDefinition(
	ctx context.Context, tx *sqlx.Tx, actor audit.Actor, company string, def *resources.Definition, exists bool, revision int64,
) error {
	_, err := d.exec(ctx, tx, `insert into resource_types (company_id, name, definition, revision, created) values (?, ?, ?, ?, ?)
		on conflict (company_id, name) do update set definition = excluded.definition, revision = excluded.revision`,
		company, def.Name(), string(def.JSON()), revision, micros(d.now()))
	if err != nil {
		return err
	}
	action := audit.ActionCreate
	if exists {
		action = audit.ActionReplace
	}
	return d.appendEntries(ctx, tx, typeEntry(company, actor, action, def.Name()))
}

func typeEntry(company string, actor audit.Actor, action audit.Action, name string) audit.Entry {
	return audit.Entry{Company: company, Actor: actor, Action: action, ObjectType: "resourceType", ObjectID: name, ObjectName: name}
}

// RemoveDefinition takes a resource type away from a company, or what it added to Users or Groups. ErrForbidden while
// there are resources of it, or such as have attributes that it added.
func (d *DB) RemoveDefinition(ctx context.Context, actor audit.Actor, company, name string) error {
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := d.nextRevision(ctx, tx, company); err != nil {
			return err
		}
		var row typeRow
		err := d.get(ctx, tx, &row, selectTypes+` and name = ?`+d.dialect.forUpdate(), company, name)
		if err != nil {
			return named(err, "the company has no resource type %q of its own", name)
		}
		def, err := row.definition()
		if err != nil {
			return err
		}
		if err := d.checkUnused(ctx, tx, company, def); err != nil {
			return err
		}
		if _, err := d.exec(ctx, tx, `delete from resource_types where company_id = ? and name = ?`, company, name); err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, typeEntry(company, actor, audit.ActionRemove, name))
	})
	d.types.forget(company)
	return err
}

// checkUnused refuses to take away a definition that resources need.
func (d *DB) checkUnused(ctx context.Context, tx *sqlx.Tx, company string, def *resources.Definition) error {
	condition, args := "", []any{company, def.Name()}
	if def.Extends() { // schemas are listed in every body
		var held []fragment
		for _, s := range def.Schemas {
			held = append(held, sqlf("%s is not null", d.dialect.jsonPath("body", []string{s.ID})))
		}
		f := glueWith(" or ", held)
		condition, args = " and ("+f.text+")", append(args, f.args...)
	}
	var count int
	err := d.get(ctx, tx, &count, `select count(*) from (select 1 from resources where company_id = ? and type = ?`+condition+
		` limit 1000) as used`, args...)
	if err != nil || count == 0 {
		return err
	}
	number := fmt.Sprint(count)
	if count == 1000 {
		number = "1000 or more"
	}
	return resources.Errorf(resources.ErrForbidden, "", "%s %s use the definition; remove them first", number, def.ResourceType.Endpoint[1:])
}

func glueWith(word string, parts []fragment) fragment {
	var f fragment
	for i, p := range parts {
		if i > 0 {
			f.text += word
		}
		f.text += p.text
		f.args = append(f.args, p.args...)
	}
	return f
}

// checkDefinition refuses a write that was checked against a definition which has changed since. The definition cannot
// change before the write is over.
func (w *writer) checkDefinition(ctx context.Context, ch *resources.Change) error {
	if ch.Definition == 0 {
		return nil
	}
	lock := ""
	if w.dialect.postgres {
		lock = " for share"
	}
	var revision int64
	err := w.get(ctx, w.tx, &revision, `select revision from resource_types where company_id = ? and name = ?`+lock,
		w.c.Company, ch.Resource.Type)
	if err == nil && revision == ch.Definition {
		return nil
	}
	if err == nil || isNotFound(err) {
		w.types.forget(w.c.Company)
		return resources.Errorf(resources.ErrBusy, "", "The resource type %s has just been changed; try again.", ch.Resource.Type)
	}
	return err
}
