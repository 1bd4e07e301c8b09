package db

import (
	"context"

	"github.com/jmoiron/sqlx"

	"proprio/scim/events"
)

// signingKey names what a sealed private key belongs to.
func signingKey(company, id string) string { return "signing key " + company + " " + id }

// SigningKeys implements events.Keys.
func (d *DB) SigningKeys(ctx context.Context, company string) ([]events.Key, error) {
	var rows []struct {
		ID      string `db:"id"`
		Private []byte `db:"private"`
		Created int64  `db:"created"`
	}
	err := d.list(ctx, nil, &rows, `select id, private, created from signing_keys where company_id = ? order by created desc, id desc`, company)
	if err != nil {
		return nil, err
	}
	keys := make([]events.Key, len(rows))
	for i, row := range rows {
		keys[i] = events.Key{Company: company, ID: row.ID, Created: fromMicros(row.Created)}
		keys[i].Private, err = d.sealer.Open(row.Private, signingKey(company, row.ID))
		if err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// AddSigningKey implements events.Keys.
func (d *DB) AddSigningKey(ctx context.Context, k events.Key) error {
	sealed, err := d.sealer.Seal(k.Private, signingKey(k.Company, k.ID))
	if err != nil {
		return err
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `insert into signing_keys (company_id, id, private, created) values (?, ?, ?, ?)`,
			k.Company, k.ID, sealed, micros(k.Created))
		return err
	})
}
