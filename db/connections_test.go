package db_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/ownership"
	"proprio/resources"
)

var admin = audit.Actor{Kind: audit.ActorAdmin, ID: "a-1", Name: "it@firm.example"}

// newConnection makes a company with one connection.
func newConnection(t *testing.T, d *db.DB) resources.Connection {
	t.Helper()
	company := newBench(t, d).c.Company
	c, err := d.CreateConnection(t.Context(), admin, resources.Connection{Company: company, Name: "Entra", Preset: "entra"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// issue stores a token whose secret is its name.
func issue(t *testing.T, d *db.DB, c resources.Connection, name string, expires time.Time) (resources.Token, [32]byte, error) {
	t.Helper()
	token, hash := resources.Token{ID: id(), Company: c.Company, Connection: c.ID, Scopes: []string{"scim"}, Expires: expires}, sha256.Sum256([]byte(c.ID+name))
	return token, hash, d.CreateToken(t.Context(), admin, token, hash)
}

func TestConnectionIsCreatedOncePerName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		first := newConnection(t, d)
		if first.ID == "" || first.Created.IsZero() {
			t.Errorf("made without id or time: %+v", first)
		}
		again, err := d.CreateConnection(t.Context(), admin, resources.Connection{Company: first.Company, Name: "Entra", Preset: "okta"})
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "second creation", again, first)
		_, err = d.CreateConnection(t.Context(), admin, resources.Connection{Company: id(), Name: "x"})
		wantError(t, err, resources.ErrNotFound, "")
		_, err = d.CreateConnection(t.Context(), admin, resources.Connection{Company: first.Company, Name: " "})
		wantError(t, err, resources.ErrInvalidValue, "name")

		first.Disabled, first.Switches = true, resources.Switches{ReviveInactive: true}
		err = d.SetConnection(t.Context(), audit.Actor{Kind: audit.ActorCommand}, first)
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := d.ListConnections(t.Context(), first.Company)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "after SetConnection", list, []resources.Connection{first})
		err = d.SetConnection(t.Context(), audit.Actor{Kind: audit.ActorCommand}, first) // changes nothing: not recorded
		if err != nil {
			t.Fatal(err)
		}
		entries, err := d.Entries(t.Context(), first.Company, audit.Query{})
		if err != nil {
			t.Fatal(err)
		}
		entries = slices.DeleteFunc(entries, func(e audit.Entry) bool { return e.ObjectType != "connection" })
		for i := range entries {
			entries[i].Seq, entries[i].At = 0, time.Time{}
		}
		wantEqual(t, "entries: the one that disabled it and the one that made it, none for the second creation", entries, []audit.Entry{
			{Company: first.Company, Actor: audit.Actor{Kind: audit.ActorCommand}, Action: audit.ActionDeactivate,
				ObjectType: "connection", ObjectID: first.ID, ObjectName: "Entra", Changed: []string{"disabled", "switches"}},
			{Company: first.Company, Actor: admin, Action: audit.ActionCreate,
				ObjectType: "connection", ObjectID: first.ID, ObjectName: "Entra", Changed: []string{}},
		})
		foreign := first
		foreign.Company = id()
		wantError(t, d.SetConnection(t.Context(), audit.Actor{Kind: audit.ActorCommand}, foreign), resources.ErrNotFound, "")
	})
}

func TestTokenIsInForceUntilItExpiresOrIsRevoked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newConnection(t, d)
		now := time.Now().UTC().Truncate(time.Hour).Add(time.Hour)
		forever, key, err := issue(t, d, c, "forever", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		_, brief, err := issue(t, d, c, "brief", now)
		if err != nil {
			t.Fatal(err)
		}
		got, connection, err := d.Authenticate(t.Context(), key, now)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "connection", connection, c)
		if got.ID != forever.ID || got.Company != c.Company || len(got.Scopes) != 1 || got.Scopes[0] != "scim" {
			t.Errorf("token %+v", got)
		}
		_, _, err = d.Authenticate(t.Context(), brief, now.Add(-time.Second))
		if err != nil {
			t.Errorf("a second before it expires: %v", err)
		}
		_, _, err = d.Authenticate(t.Context(), brief, now)
		wantError(t, err, resources.ErrNotFound, "")
		_, _, err = d.Authenticate(t.Context(), sha256.Sum256([]byte("guess")), now)
		wantError(t, err, resources.ErrNotFound, "")
		wantError(t, d.RevokeToken(t.Context(), admin, id(), forever.ID), resources.ErrNotFound, "") // another company
		for range 2 {
			err = d.RevokeToken(t.Context(), admin, c.Company, forever.ID)
			if err != nil {
				t.Fatal(err)
			}
		}
		_, _, err = d.Authenticate(t.Context(), key, now)
		wantError(t, err, resources.ErrNotFound, "")
		entries, err := d.Entries(t.Context(), c.Company, audit.Query{ObjectType: "token", ObjectID: forever.ID})
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 2 || entries[0].Action != audit.ActionRevoke || entries[1].Action != audit.ActionIssue || entries[0].Actor != admin {
			t.Errorf("entries %+v, want one issue and one revoke", entries)
		}
	})
}

func TestTokenOfADisabledConnectionOrSuspendedCompany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newConnection(t, d)
		_, key, err := issue(t, d, c, "k", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		db.Write(t, d, `update companies set suspended = ? where id = ?`, true, c.Company)
		_, _, err = d.Authenticate(t.Context(), key, time.Now())
		wantError(t, err, resources.ErrForbidden, "")
		c.Disabled = true
		err = d.SetConnection(t.Context(), audit.Actor{Kind: audit.ActorCommand}, c)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = d.Authenticate(t.Context(), key, time.Now())
		wantError(t, err, resources.ErrForbidden, "")
	})
}

func TestConnectionHasTwoActiveTokensAtMost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newConnection(t, d)
		_, _, err := issue(t, d, c, "expired", time.Now().Add(-time.Hour)) // does not count
		if err != nil {
			t.Fatal(err)
		}
		made := 0
		for _, err := range atOnce(6, func(i int) error {
			_, _, err := issue(t, d, c, fmt.Sprint(i), time.Time{})
			return err
		}) {
			if err == nil {
				made++
			} else if !errors.Is(err, resources.ErrTooMany) {
				t.Errorf("error %v, want %v", err, resources.ErrTooMany)
			}
		}
		wantEqual(t, "tokens made", made, 2)
		_, tokens, err := d.ListConnections(t.Context(), c.Company)
		if err != nil {
			t.Fatal(err)
		}
		err = d.RevokeToken(t.Context(), admin, c.Company, tokens[c.ID][0].ID)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = issue(t, d, c, "next", time.Time{})
		if err != nil {
			t.Errorf("after one was revoked: %v", err)
		}
		_, _, err = issue(t, d, resources.Connection{Company: c.Company, ID: id()}, "x", time.Time{})
		wantError(t, err, resources.ErrNotFound, "")
	})
}

func TestTokenUseIsNotedToTheMinute(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newConnection(t, d)
		_, key, err := issue(t, d, c, "k", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		minute := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
		for _, step := range []struct{ at, want time.Duration }{
			{10 * time.Second, 0}, {59 * time.Second, 0}, {65 * time.Second, time.Minute}, {30 * time.Second, time.Minute},
		} {
			_, _, err := d.Authenticate(t.Context(), key, minute.Add(step.at))
			if err != nil {
				t.Fatal(err)
			}
			_, tokens, err := d.ListConnections(t.Context(), c.Company)
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "last used", tokens[c.ID][0].LastUsed, minute.Add(step.want))
		}
	})
}

func TestExchangesKeepTheNewestFifty(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c, other := newConnection(t, d), newConnection(t, d)
		var newest resources.Exchange
		for i := range 60 {
			newest = resources.Exchange{ID: id(), Company: c.Company, Connection: c.ID, At: start, Method: "GET", Path: fmt.Sprintf("/Users?n=%d", i),
				UserAgent: "agent", Status: 200, Duration: 3 * time.Millisecond, Request: []byte(`{"a":1}`), Response: []byte("{}")}
			err := d.RecordExchange(t.Context(), newest)
			if err != nil {
				t.Fatal(err)
			}
		}
		odd := resources.Exchange{Company: other.Company, Connection: other.ID, Path: "/a\x00b\xff", UserAgent: "\x00"}
		err := d.RecordExchange(t.Context(), odd)
		if err != nil {
			t.Errorf("odd bytes: %v", err)
		}
		list := func(c resources.Connection, limit int) []resources.Exchange {
			t.Helper()
			got, err := d.Exchanges(t.Context(), c.Company, c.ID, limit)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		wantEqual(t, "kept", len(list(c, 0)), 50)
		wantEqual(t, "newest", list(c, 1), []resources.Exchange{newest})
		wantEqual(t, "the other connection's", len(list(other, 10)), 1)
		wantEqual(t, "across companies", len(list(resources.Connection{Company: other.Company, ID: c.ID}, 10)), 0)
	})
}

func TestAuditEntriesAreReadNewestFirstByPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		company := ownership.Company{ID: id(), Name: "A"}
		for i := range 5 {
			err := d.Append(context.Background(), audit.Entry{Company: company.ID, Actor: admin, Action: audit.ActionSignIn, ObjectType: "session",
				ObjectID: fmt.Sprint(i % 2), ObjectName: "odd \x00\xff", Reason: fmt.Sprint(i), Changed: []string{"a", "b,\n"}})
			if err != nil {
				t.Fatal(err)
			}
		}
		read := func(q audit.Query) (reasons []string, last int64) {
			t.Helper()
			entries, err := d.Entries(t.Context(), company.ID, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				reasons, last = append(reasons, e.Reason), e.Seq
				wantEqual(t, "changed", e.Changed, []string{"a", "b,\n"})
				if e.At.IsZero() {
					t.Error("an entry without a time")
				}
			}
			return reasons, last
		}
		first, last := read(audit.Query{Limit: 2})
		wantEqual(t, "first page", first, []string{"4", "3"})
		second, _ := read(audit.Query{Limit: 10, Before: last})
		wantEqual(t, "second page", second, []string{"2", "1", "0"})
		about, _ := read(audit.Query{ObjectType: "session", ObjectID: "1"})
		wantEqual(t, "about one object", about, []string{"3", "1"})
		others, err := d.Entries(t.Context(), id(), audit.Query{})
		if err != nil || len(others) != 0 {
			t.Errorf("another company reads %v, %v", others, err)
		}
	})
}
