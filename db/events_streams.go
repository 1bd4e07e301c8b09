package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
	"proprio/scim/events"
)

var _ events.Store = (*DB)(nil)

const streamColumns = `company_id, id, connection_id, description, requested, method, endpoint, credential, allow_private,
	feed_types, feed_groups, feed_snapshot, status, reason, created, verified, revision, position, stage, walked, stale,
	failures, next_attempt, error`

type streamRow struct {
	Company      string `db:"company_id"`
	ID           string `db:"id"`
	Connection   string `db:"connection_id"`
	Description  string `db:"description"`
	Requested    string `db:"requested"`
	Method       string `db:"method"`
	Endpoint     string `db:"endpoint"`
	Credential   []byte `db:"credential"`
	AllowPrivate bool   `db:"allow_private"`
	FeedTypes    string `db:"feed_types"`
	FeedGroups   string `db:"feed_groups"`
	FeedSnapshot bool   `db:"feed_snapshot"`
	Status       string `db:"status"`
	Reason       string `db:"reason"`
	Created      int64  `db:"created"`
	Verified     int64  `db:"verified"`
	Revision     int64  `db:"revision"`
	Position     int64  `db:"position"`
	Stage        string `db:"stage"`
	Walked       string `db:"walked"`
	Stale        bool   `db:"stale"`
	Failures     int    `db:"failures"`
	NextAttempt  int64  `db:"next_attempt"`
	Error        string `db:"error"`
}

// streamCredential names what a sealed Authorization header belongs to: it opens for the address that it was given for
// alone.
func streamCredential(s events.Stream) string {
	return "stream " + s.Company + " " + s.ID + " " + s.Delivery.Endpoint
}

func (d *DB) streamOf(row streamRow) (events.Stream, error) {
	s := events.Stream{
		Company: row.Company, ID: row.ID, Connection: row.Connection, Description: row.Description,
		Delivery: events.Delivery{Method: row.Method, Endpoint: row.Endpoint, AllowPrivate: row.AllowPrivate},
		Feed:     events.Feed{Snapshot: row.FeedSnapshot}, Status: events.Status(row.Status), Reason: row.Reason,
		Created: fromMicros(row.Created), Verified: fromMicros(row.Verified), Revision: row.Revision, Position: row.Position,
		Stage: events.Stage(row.Stage), Walked: row.Walked, Stale: row.Stale, Failures: row.Failures,
		NextAttempt: fromMicros(row.NextAttempt), Error: row.Error,
	}
	var err error
	s.Requested, err = textsOf(row.Requested)
	if err == nil {
		s.Feed.Types, err = textsOf(row.FeedTypes)
	}
	if err == nil {
		s.Feed.Groups, err = textsOf(row.FeedGroups)
	}
	var credential []byte
	if err == nil {
		credential, err = d.sealer.Open(row.Credential, streamCredential(s))
	}
	if err != nil {
		return s, fmt.Errorf("stream %s: %w", s.ID, err)
	}
	s.Delivery.Authorization = string(credential)
	return s, nil
}

// CreateStream implements events.Streams.
func (d *DB) CreateStream(ctx context.Context, actor audit.Actor, s events.Stream) (events.Stream, error) {
	var err error
	s.Position, err = d.Position(ctx, s.Company)
	if err != nil {
		return s, err
	}
	s.Revision, s.Created = 1, d.now().UTC()
	sealed, err := d.sealer.Seal([]byte(s.Delivery.Authorization), streamCredential(s))
	if err != nil {
		return s, err
	}
	err = d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `insert into streams (`+streamColumns+`, lease_owner, lease_until)
			values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?, ?, ?, ?, 0, 0, '', '', 0)`,
			s.Company, s.ID, s.Connection, storable(s.Description), textList(s.Requested), s.Delivery.Method, storable(s.Delivery.Endpoint),
			sealed, s.Delivery.AllowPrivate, textList(s.Feed.Types), textList(s.Feed.Groups), s.Feed.Snapshot, s.Status, storable(s.Reason),
			micros(s.Created), s.Position, s.Stage, s.Walked, s.Stale)
		if err != nil {
			return err
		}
		return d.recordStream(ctx, tx, actor, audit.ActionCreate, s.Company, s.ID, s.Connection)
	})
	if errors.Is(err, resources.ErrUniqueness) {
		return s, resources.Errorf(resources.ErrUniqueness, "", "The connection has a stream already; change that one, or remove it first.")
	}
	return s, err
}

// Stream implements events.Streams.
func (d *DB) Stream(ctx context.Context, company, id string) (events.Stream, error) {
	if !keepable(id) {
		return events.Stream{}, noStream()
	}
	var row streamRow
	err := d.get(ctx, nil, &row, `select `+streamColumns+` from streams where company_id = ? and id = ?`, company, id)
	if isNotFound(err) {
		return events.Stream{}, noStream()
	}
	if err != nil {
		return events.Stream{}, err
	}
	return d.streamOf(row)
}

// ListStreams implements events.Streams.
func (d *DB) ListStreams(ctx context.Context, company string) ([]events.Stream, error) {
	var rows []streamRow
	err := d.list(ctx, nil, &rows, `select `+streamColumns+` from streams where company_id = ? order by created, id`, company)
	if err != nil {
		return nil, err
	}
	return d.streamsOf(rows)
}

func (d *DB) streamsOf(rows []streamRow) ([]events.Stream, error) {
	streams := make([]events.Stream, len(rows))
	var err error
	for i, row := range rows {
		streams[i], err = d.streamOf(row)
		if err != nil {
			return nil, err
		}
	}
	return streams, nil
}

// SetStream implements events.Streams.
func (d *DB) SetStream(ctx context.Context, actor audit.Actor, s events.Stream, restart bool) error {
	sealed, err := d.sealer.Seal([]byte(s.Delivery.Authorization), streamCredential(s))
	if err != nil {
		return err
	}
	position := s.Position
	if restart {
		position, err = d.Position(ctx, s.Company)
		if err != nil {
			return err
		}
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.exec(ctx, tx, `update streams set description = ?, requested = ?, method = ?, endpoint = ?, credential = ?,
			allow_private = ?, feed_types = ?, feed_groups = ?, feed_snapshot = ?, status = ?, reason = ?, verified = ?,
			position = ?, stage = ?, walked = ?, stale = ?, failures = 0, next_attempt = 0, error = '', revision = revision + 1
			where company_id = ? and id = ? and revision = ?`,
			storable(s.Description), textList(s.Requested), s.Delivery.Method, storable(s.Delivery.Endpoint), sealed,
			s.Delivery.AllowPrivate, textList(s.Feed.Types), textList(s.Feed.Groups), s.Feed.Snapshot, s.Status, storable(s.Reason),
			micros(s.Verified), position, s.Stage, s.Walked, s.Stale, s.Company, s.ID, s.Revision)
		if err == nil && n == 0 {
			return events.ErrMoved
		}
		if err == nil && restart {
			err = d.clearStream(ctx, tx, s.Company, s.ID)
		}
		if err != nil {
			return err
		}
		return d.recordStream(ctx, tx, actor, audit.ActionModify, s.Company, s.ID, s.Connection)
	})
}

// NoteVerification implements events.Streams. The row is judged by the statement that changes it.
func (d *DB) NoteVerification(ctx context.Context, company, id string, now, after time.Time) (bool, error) {
	return d.lease(ctx, `update streams set verified = ? where company_id = ? and id = ? and verified <= ?`,
		micros(now), company, id, micros(after))
}

// recordStream puts a change of a stream on record, under the name of its connection.
func (d *DB) recordStream(ctx context.Context, tx *sqlx.Tx, actor audit.Actor, action audit.Action, company, id, connection string) error {
	var name string
	err := d.get(ctx, tx, &name, `select name from connections where company_id = ? and id = ?`, company, connection)
	if err != nil {
		return err
	}
	return d.appendEntries(ctx, tx, audit.Entry{Company: company, Actor: actor, Action: action, ObjectType: "stream", ObjectID: id, ObjectName: name})
}

// clearStream forgets what is queued and who is in the feed.
func (d *DB) clearStream(ctx context.Context, tx *sqlx.Tx, company, id string) error {
	_, err := d.exec(ctx, tx, `delete from stream_sets where company_id = ? and stream_id = ?`, company, id)
	if err == nil {
		_, err = d.exec(ctx, tx, `delete from stream_standings where company_id = ? and stream_id = ?`, company, id)
	}
	return err
}

// RemoveStream implements events.Streams.
func (d *DB) RemoveStream(ctx context.Context, actor audit.Actor, company, id string) error {
	if !keepable(id) {
		return noStream()
	}
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var connection string
		err := d.get(ctx, tx, &connection, `delete from streams where company_id = ? and id = ? returning connection_id`, company, id)
		if errors.Is(err, resources.ErrNotFound) {
			return noStream()
		}
		if err == nil {
			err = d.clearStream(ctx, tx, company, id)
		}
		if err != nil {
			return err
		}
		return d.recordStream(ctx, tx, actor, audit.ActionRemove, company, id, connection)
	})
}

func noStream() error { return resources.Errorf(resources.ErrNotFound, "", "There is no such stream.") }

// textList is a JSON array of texts from outside.
func textList(texts []string) string {
	if texts == nil {
		texts = []string{}
	}
	return storable(jsonText(texts))
}

// textsOf undoes textList.
func textsOf(text string) (texts []string, err error) {
	err = json.Unmarshal([]byte(text), &texts)
	if err != nil {
		return nil, fmt.Errorf("list %q: %w", text, err)
	}
	return texts, nil
}
