package db

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
)

// loadFrom is how many new resources there must be for them to be loaded.
const loadFrom = 16

// loadable says whether changes are so many new resources that they are written table by table instead of one by one.
func loadable(changes []resources.Change) bool {
	for i := range changes {
		if changes[i].Action != audit.ActionCreate {
			return false
		}
	}
	return len(changes) >= loadFrom
}

// load writes many new resources: what they need is looked for once for all of them, and then each table gets its rows at
// once, by COPY on Postgres. What it writes is what create writes.
func (w *writer) load(ctx context.Context, changes []resources.Change) ([]resources.Applied, error) {
	err := w.checkLoad(ctx, changes)
	if err != nil {
		return nil, err
	}
	err = w.loadRows(ctx, changes)
	if err != nil {
		return nil, loadTaken(err)
	}
	applied := make([]resources.Applied, len(changes))
	for i := range changes {
		ch := &changes[i]
		r, x := ch.Resource, ch.Resource.Index
		_, err := w.setHidden(ctx, r)
		if err == nil {
			err = w.setKeys(ctx, r)
		}
		if err == nil && ch.Members != nil {
			_, err = w.changeMembers(ctx, r.ID, *ch.Members)
		}
		if err != nil {
			return nil, err
		}
		w.note(ch, w.moment(ch), 1, x.UserName, x.DisplayName)
		applied[i] = resources.Applied{Version: 1, Changed: true}
	}
	return applied, nil
}

// checkLoad makes sure that what the changes were judged by is in place, each thing once.
func (w *writer) checkLoad(ctx context.Context, changes []resources.Change) error {
	var refers []string
	definitions, rules, names := map[string]int64{}, map[int64]bool{}, map[string]bool{}
	for i := range changes {
		ch := &changes[i]
		refers = append(refers, ch.Refers...)
		if revision, known := definitions[ch.Resource.Type]; !known || revision != ch.Definition {
			definitions[ch.Resource.Type] = ch.Definition
			if err := w.checkDefinition(ctx, ch); err != nil {
				return err
			}
		}
		rules[ch.Rules] = true
		name := ch.Resource.Type + " " + ch.Resource.Index.NameFolded
		if ch.UniqueName && ch.Resource.Index.NameFolded != "" {
			if names[name] {
				return resources.Errorf(resources.ErrUniqueness, "displayName", "two of these are named %q", ch.Resource.Index.DisplayName)
			}
			names[name] = true
		}
		if err := w.claimName(ctx, ch, ""); err != nil {
			return err
		}
	}
	for generation := range rules {
		if err := w.checkRules(ctx, generation); err != nil {
			return err
		}
	}
	return w.holdReferred(ctx, &resources.Change{Refers: refers})
}

func (w *writer) checkRules(ctx context.Context, generation int64) error {
	var hold bool
	err := w.get(ctx, w.tx, &hold, `select `+rulesHold("?", "?"), rulesArgs(w.c.Company, generation)...)
	if err == nil && !hold {
		return resources.RulesChanged()
	}
	return err
}

// loadRows writes the rows of new resources, their addresses and what the connection calls them.
func (w *writer) loadRows(ctx context.Context, changes []resources.Change) error {
	rows, emails, names := make([][]any, len(changes)), [][]any{}, [][]any{}
	for i := range changes {
		r, at := changes[i].Resource, w.moment(&changes[i])
		x, created := r.Index, r.Created
		if created.IsZero() {
			created = at
		}
		rows[i] = []any{w.c.Company, r.ID, r.Type, int64(1), micros(created), micros(at), string(r.Body), x.UserName, orNull(x.UserNameFolded),
			x.DisplayName, x.NameFolded, x.Active, x.Hold, orNull(x.PostFolded), orNull(x.Manager)}
		for position, e := range x.Emails {
			emails = append(emails, []any{w.c.Company, r.ID, int64(position), e.Value, e.Folded, e.Type, e.Primary})
		}
		if changes[i].SetExternalID && r.ExternalID != "" {
			names = append(names, []any{w.c.Company, w.c.Connection, r.Type, r.ID, r.ExternalID})
		}
	}
	err := w.insertRows(ctx, w.tx, "resources", []string{"company_id", "id", "type", "version", "created", "modified", "body", "user_name",
		"user_name_folded", "display_name", "name_folded", "active", "hold", "post_folded", "manager"}, rows)
	if err == nil {
		err = w.insertRows(ctx, w.tx, "emails", []string{"company_id", "user_id", "position", "value", "folded", "type", "is_primary"}, emails)
	}
	if err == nil {
		err = w.insertRows(ctx, w.tx, "external_ids", []string{"company_id", "connection_id", "type", "resource_id", "external_id"}, names)
	}
	return err
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// insertRows writes rows into a table, many with one statement.
func (d *DB) insertRows(ctx context.Context, tx *sqlx.Tx, table string, columns []string, rows [][]any) error {
	if d.dialect.postgres {
		return copyRows(ctx, tx, table, columns, rows)
	}
	return d.insertValues(ctx, tx, "insert into "+table+" ("+strings.Join(columns, ", ")+")", rows, "")
}

// copyRows is insertRows for Postgres.
func copyRows(ctx context.Context, tx *sqlx.Tx, table string, columns []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, `copy `+table+` (`+strings.Join(columns, `, `)+`) from stdin`)
	if err != nil {
		return mapError(err)
	}
	for _, row := range rows {
		if err == nil {
			_, err = stmt.ExecContext(ctx, row...)
		}
	}
	if err == nil {
		_, err = stmt.ExecContext(ctx)
	}
	return mapError(firstError(err, stmt.Close()))
}

// loadTaken says what a violated unique key means when it may be any row's.
func loadTaken(err error) error {
	const anyOfThem = "the %s of one of these is in use"
	switch {
	case !errors.Is(err, resources.ErrUniqueness):
		return err
	case constraint(err, "resources_post") || constraint(err, "post_folded"):
		return resources.PostTaken()
	case constraint(err, "user_name"):
		return resources.Errorf(resources.ErrUniqueness, "userName", anyOfThem, "userName")
	}
	return &resources.Error{Kind: resources.ErrUniqueness, Path: "id", Detail: fmt.Sprintf(anyOfThem, "id"), Cause: err}
}

// ByName implements resources.Store.
func (d *DB) ByName(ctx context.Context, c resources.Caller, typ string, folded []string) (map[string]string, error) {
	asked := make([]string, 0, len(folded))
	for _, name := range folded {
		if name != "" && keepable(name) {
			asked = append(asked, name)
		}
	}
	var rows []struct {
		ID   string `db:"id"`
		Name string `db:"name"`
	}
	query := `select id, name_folded as name from resources where company_id = ? and type = ? and name_folded ` + d.dialect.in()
	if typ == resources.TypeUser {
		query = `select id, user_name_folded as name from resources where company_id = ? and type = ? and user_name_folded ` + d.dialect.in()
	}
	found := make(map[string]string, len(asked))
	if len(asked) == 0 {
		return found, nil
	}
	err := d.list(ctx, nil, &rows, query, c.Company, typ, d.dialect.values(asked))
	for _, row := range rows {
		found[row.Name] = row.ID
	}
	return found, err
}
