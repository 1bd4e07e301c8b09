package db

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
)

// SetFeatures changes what a company turned on. What changes nothing is not recorded.
func (d *DB) SetFeatures(ctx context.Context, actor audit.Actor, company string, change func(*resources.Features) error) (f resources.Features, err error) {
	err = d.changeAccess(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var row struct {
			Name     string `db:"name"`
			Features string `db:"features"`
		}
		err := d.get(ctx, tx, &row, `select name, features from companies where id = ?`+d.dialect.forUpdate(), company)
		if err != nil {
			return noCompany(err)
		}
		if f, err = features(row.Features); err != nil {
			return err
		}
		if err := change(&f); err != nil {
			return err
		}
		if jsonText(f) == row.Features {
			return nil
		}
		if _, err := d.exec(ctx, tx, `update companies set features = ? where id = ?`, jsonText(f), company); err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, audit.Entry{Company: company, At: d.now(), Actor: actor, Action: audit.ActionModify,
			ObjectType: "company", ObjectID: company, ObjectName: row.Name, Changed: []string{"features"}})
	})
	return f, err
}

func features(text string) (f resources.Features, err error) {
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		return f, fmt.Errorf("features of a company: %w", err)
	}
	return f, nil
}
