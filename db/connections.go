package db

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/resources"
)

var _ resources.Connections = (*DB)(nil)

type connectionRow struct {
	Company  string `db:"company_id"`
	ID       string `db:"id"`
	Name     string `db:"name"`
	Preset   string `db:"preset"`
	Switches string `db:"switches"`
	Disabled bool   `db:"disabled"`
	Created  int64  `db:"created"`
	Held     int64  `db:"losses_held"`
	Client   string `db:"client"`
	ClientBy string `db:"client_by"`
	Me       string `db:"me"`
}

const connectionColumns = `c.company_id, c.id, c.name, c.preset, c.switches, c.disabled, c.created,
	c.losses_held, c.client, c.client_by, c.me`

func (row connectionRow) connection() (resources.Connection, error) {
	c := resources.Connection{ID: row.ID, Company: row.Company, Name: row.Name, Preset: row.Preset, Disabled: row.Disabled,
		Created: fromMicros(row.Created), LossesHeld: fromMicros(row.Held), Client: row.Client, ClientBy: row.ClientBy, Me: row.Me}
	err := json.Unmarshal([]byte(row.Switches), &c.Switches)
	if err != nil {
		return c, fmt.Errorf("switches of connection %s: %w", row.ID, err)
	}
	return c, nil
}

// CreateConnection implements resources.Connections.
func (d *DB) CreateConnection(ctx context.Context, actor audit.Actor, c resources.Connection) (resources.Connection, error) {
	if strings.TrimSpace(c.Name) == "" || !keepable(c.Name) || len(c.Name) > maxIndexed {
		return c, resources.Errorf(resources.ErrInvalidValue, "name", "a connection needs a name")
	}
	if c.ID == "" {
		c.ID = newID()
	}
	if c.Created.IsZero() {
		c.Created = d.now()
	}
	var row connectionRow
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		made, err := d.exec(ctx, tx, `insert into connections (company_id, id, name, preset, switches, disabled, created)
			select id, cast(? as text), cast(? as text), cast(? as text), cast(? as text), cast(? as boolean), cast(? as bigint)
			from companies where id = ? on conflict (company_id, name) do nothing`,
			c.ID, c.Name, c.Preset, jsonText(c.Switches), c.Disabled, micros(c.Created), c.Company)
		if err != nil {
			return err
		}
		if made > 0 {
			err = d.appendEntries(ctx, tx, connectionEntry(actor, audit.ActionCreate, c, d.now()))
			if err != nil {
				return err
			}
		}
		return d.get(ctx, tx, &row, `select `+connectionColumns+` from connections c where c.company_id = ? and c.name = ?`,
			c.Company, c.Name)
	})
	if err != nil {
		return c, named(err, "company %q does not exist", c.Company)
	}
	return row.connection()
}

// ListConnections implements resources.Connections.
func (d *DB) ListConnections(ctx context.Context, company string) ([]resources.Connection, map[string][]resources.Token, error) {
	var rows []connectionRow
	err := d.list(ctx, nil, &rows, `select `+connectionColumns+` from connections c where c.company_id = ? order by c.name, c.id`,
		company)
	if err != nil {
		return nil, nil, err
	}
	connections := make([]resources.Connection, len(rows))
	for i, row := range rows {
		connections[i], err = row.connection()
		if err != nil {
			return nil, nil, err
		}
	}
	var held []tokenRow
	err = d.list(ctx, nil, &held, `select `+tokenColumns+` from tokens t where t.company_id = ? and t.client_id = ''
		order by t.created desc, t.id desc`, company)
	tokens := map[string][]resources.Token{}
	for _, row := range held {
		tokens[row.Connection] = append(tokens[row.Connection], row.token())
	}
	return connections, tokens, err
}

// SetConnection implements resources.Connections.
func (d *DB) SetConnection(ctx context.Context, actor audit.Actor, c resources.Connection) error {
	return d.changeAccess(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		var old struct {
			Name     string `db:"name"`
			Preset   string `db:"preset"`
			Switches string `db:"switches"`
			Disabled bool   `db:"disabled"`
			Me       string `db:"me"`
		}
		err := d.get(ctx, tx, &old, `select name, preset, switches, disabled, me from connections where company_id = ? and id = ?`+
			d.dialect.forUpdate(), c.Company, c.ID)
		if isNotFound(err) {
			return noConnection(c.ID)
		}
		c.Name = old.Name
		entry := connectionEntry(actor, audit.ActionModify, c, d.now())
		if old.Disabled != c.Disabled {
			entry.Action, entry.Changed = audit.ActionActivate, []string{"disabled"}
			if c.Disabled {
				entry.Action = audit.ActionDeactivate
			}
		}
		if old.Preset != c.Preset {
			entry.Changed = append(entry.Changed, "preset")
		}
		if old.Switches != jsonText(c.Switches) {
			entry.Changed = append(entry.Changed, "switches")
		}
		if old.Me != c.Me {
			entry.Changed = append(entry.Changed, "me")
		}
		if err != nil || len(entry.Changed) == 0 {
			return err
		}
		_, err = d.exec(ctx, tx, `update connections set preset = ?, switches = ?, disabled = ?, me = ? where company_id = ? and id = ?`,
			c.Preset, jsonText(c.Switches), c.Disabled, c.Me, c.Company, c.ID)
		if err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, entry)
	})
}

// Authenticate implements resources.Connections. What it answered within the last second it answers again without a
// question to the database; once a minute at most it writes that the token was used.
func (d *DB) Authenticate(ctx context.Context, hash [32]byte, now time.Time) (resources.Token, resources.Connection, error) {
	a, err := d.authentication(ctx, hash, now)
	if a != nil && a.token.Revoked.IsZero() && a.expired(now) {
		err = resources.Errorf(resources.ErrNotFound, "", "The token expired at %s.", a.token.Expires.Format(time.RFC3339))
	}
	if err != nil {
		return resources.Token{}, resources.Connection{}, err
	}
	t := a.token
	used := a.lastUsed.Load()
	if now.Sub(fromMicros(used)) >= time.Minute {
		minute := micros(now.Truncate(time.Minute))
		if a.lastUsed.CompareAndSwap(used, minute) {
			d.noteUse(ctx, t, minute)
		}
		used = minute
	}
	t.LastUsed = fromMicros(used)
	return t, a.connection, nil
}

// noteUse writes when a token was used. When it cannot, the token is in force all the same.
func (d *DB) noteUse(ctx context.Context, t resources.Token, at int64) {
	err := d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := d.exec(ctx, tx, `update tokens set last_used = ? where company_id = ? and id = ? and last_used < ?`,
			at, t.Company, t.ID, at)
		return err
	})
	if err != nil {
		d.logger.WarnContext(ctx, "the use of a token was not noted", "token", t.ID, "error", err)
	}
}

// tokenInForce asks for a token and its connection, in one query. It does not look at the clock.
func (d *DB) tokenInForce(ctx context.Context, hash [32]byte) (resources.Token, resources.Connection, error) {
	var row struct {
		connectionRow
		ownerRow
		Token tokenRow `db:"token"`
	}
	err := d.get(ctx, nil, &row, `select `+connectionColumns+ownerColumns+`, t.company_id as "token.company_id",
		t.id as "token.id", t.connection_id as "token.connection_id", t.scopes as "token.scopes",
		t.created as "token.created", t.expires as "token.expires", t.last_used as "token.last_used", t.revoked as "token.revoked"
		from tokens t join connections c on c.company_id = t.company_id and c.id = t.connection_id
		join companies o on o.id = t.company_id where t.hash = ?`, hash[:])
	if err != nil {
		return resources.Token{}, resources.Connection{}, named(err, "The token is not known, or has ended: an access token lives for an hour, and as long as its client and secret.")
	}
	c, err := row.connectionOf(row.ownerRow)
	switch {
	case err != nil:
	case row.Token.Revoked != 0:
		err = resources.Errorf(resources.ErrNotFound, "", "The token was revoked.")
	default:
		err = inForce(c, row.Suspended)
	}
	return row.Token.token(), c, err
}

// ownerRow is what a connection's company says of it, joined as o.
type ownerRow struct {
	Suspended bool   `db:"suspended"`
	Features  string `db:"features"`
}

const ownerColumns = `, o.suspended, o.features`

func (row connectionRow) connectionOf(o ownerRow) (resources.Connection, error) {
	c, err := row.connection()
	if err == nil {
		c.Features, err = features(o.Features)
	}
	return c, err
}

// inForce says why a connection may do nothing.
func inForce(c resources.Connection, suspended bool) error {
	switch {
	case suspended:
		return resources.Errorf(resources.ErrForbidden, "", "The company is suspended.")
	case c.Disabled:
		return resources.Errorf(resources.ErrForbidden, "", "The connection %q is disabled.", c.Name)
	}
	return nil
}

func noConnection(id string) error {
	return resources.Errorf(resources.ErrNotFound, "", "connection %q does not exist", id)
}

func connectionEntry(actor audit.Actor, action audit.Action, c resources.Connection, at time.Time) audit.Entry {
	return audit.Entry{Company: c.Company, At: at, Actor: actor, Action: action, ObjectType: "connection", ObjectID: c.ID,
		ObjectName: c.Name}
}

func tokenEntry(actor audit.Actor, company string, at time.Time, action audit.Action, token, connection string) audit.Entry {
	return audit.Entry{Company: company, At: at, Actor: actor, Action: action, ObjectType: "token", ObjectID: token,
		ObjectName: connection}
}
