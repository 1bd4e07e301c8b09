package db

import (
	"context"

	"github.com/jmoiron/sqlx"

	"proprio/scim/events"
)

// FeedStandings implements events.Feeds.
func (d *DB) FeedStandings(ctx context.Context, company, stream string, ids []string) (map[string]events.Standing, error) {
	var rows []struct {
		Resource string `db:"resource_id"`
		Standing string `db:"standing"`
	}
	err := d.list(ctx, nil, &rows, `select resource_id, standing from stream_standings where company_id = ? and stream_id = ?
		and resource_id `+d.dialect.in(), company, stream, d.dialect.values(ids))
	found := make(map[string]events.Standing, len(rows))
	for _, row := range rows {
		found[row.Resource] = events.Standing(row.Standing)
	}
	return found, err
}

// SetFeedStanding implements events.Feeds.
func (d *DB) SetFeedStanding(ctx context.Context, company, stream, id string, st events.Standing) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error { return d.setStanding(ctx, tx, company, stream, id, st) })
}

func (d *DB) setStanding(ctx context.Context, tx *sqlx.Tx, company, stream, id string, st events.Standing) error {
	var err error
	if st == "" {
		_, err = d.exec(ctx, tx, `delete from stream_standings where company_id = ? and stream_id = ? and resource_id = ?`,
			company, stream, id)
		return err
	}
	_, err = d.exec(ctx, tx, `insert into stream_standings (company_id, stream_id, resource_id, standing) values (?, ?, ?, ?)
		on conflict (company_id, stream_id, resource_id) do update set standing = excluded.standing`, company, stream, id, st)
	return err
}

type refRow struct {
	Type string `db:"type"`
	ID   string `db:"id"`
}

func refsOf(rows []refRow) []events.Ref {
	refs := make([]events.Ref, len(rows))
	for i, row := range rows {
		refs[i] = events.Ref(row)
	}
	return refs
}

// FeedDifference implements events.Feeds.
func (d *DB) FeedDifference(ctx context.Context, s events.Stream, limit int) (joined, left []events.Ref, err error) {
	groups, types := d.dialect.values(s.Feed.Groups), d.dialect.values(s.Feed.Types)
	var in, out []refRow
	err = d.list(ctx, nil, &in, `select distinct m.member_id as id, m.member_type as type from members m
		where m.company_id = ? and m.group_id `+d.dialect.in()+` and (cast(? as boolean) or m.member_type `+d.dialect.in()+`)
		and not exists (select 1 from stream_standings f where f.company_id = m.company_id and f.stream_id = ?
			and f.resource_id = m.member_id) order by m.member_id limit ?`,
		s.Company, groups, len(s.Feed.Types) == 0, types, s.ID, limit)
	if err != nil {
		return nil, nil, err
	}
	err = d.list(ctx, nil, &out, `select r.id, r.type from stream_standings f
		join resources r on r.company_id = f.company_id and r.id = f.resource_id
		where f.company_id = ? and f.stream_id = ? and f.standing = ?
		and not exists (select 1 from members m where m.company_id = f.company_id and m.member_id = f.resource_id
			and m.group_id `+d.dialect.in()+`) order by r.id limit ?`, s.Company, s.ID, events.Member, groups, limit)
	return refsOf(in), refsOf(out), err
}

// FeedPage implements events.Feeds.
func (d *DB) FeedPage(ctx context.Context, s events.Stream, after string, limit int) ([]events.Ref, error) {
	var rows []refRow
	err := d.list(ctx, nil, &rows, `select r.id, r.type from resources r where r.company_id = ? and r.id > ?
		and (cast(? as boolean) or r.type `+d.dialect.in()+`)
		and not exists (select 1 from stream_standings f where f.company_id = r.company_id and f.stream_id = ?
			and f.resource_id = r.id and f.standing = ?) order by r.id limit ?`,
		s.Company, after, len(s.Feed.Types) == 0, d.dialect.values(s.Feed.Types), s.ID, events.Removed, limit)
	return refsOf(rows), err
}

// ExternalIDs implements events.Feeds.
func (d *DB) ExternalIDs(ctx context.Context, company, connection string, ids []string) (map[string]string, error) {
	var rows []struct {
		Resource   string `db:"resource_id"`
		ExternalID string `db:"external_id"`
	}
	err := d.list(ctx, nil, &rows, `select resource_id, external_id from external_ids where company_id = ? and connection_id = ?
		and resource_id `+d.dialect.in(), company, connection, d.dialect.values(ids))
	found := make(map[string]string, len(rows))
	for _, row := range rows {
		found[row.Resource] = row.ExternalID
	}
	return found, err
}
