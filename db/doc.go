// Package db is all of Proprio's SQL: one [DB] that keeps everything in SQLite or in Postgres, by the same code.
//
// DB implements the store interfaces of resources, ownership, push, audit, oidc, scim/events and scim/oauth, one file per store.
// Nothing else in the repository speaks SQL. The package decides nothing: rules live with the packages whose stores it implements.
//
// Every table but companies and duties carries company_id, and every query names it, except where the company is what is looked
// for (a token's hash, a client's id, a session's hash, the owner of a domain name).
//
// Writing. A change runs in inTx: one transaction, retried a bounded number of times when the database asks for it, so
// the function given to it must have no effect but its SQL. On SQLite one transaction writes at a time, takes the write
// lock when it begins, and is shared by those who wait for it (see group); what takes long has one of its own (aloneTx); on Postgres transactions run at READ COMMITTED and lock the rows they judge by, always
// in the order of ids, then of resources.Change, then marks sorted by object.
//
// Reading. Statements are prepared once per connection and kept. Lists of values travel as one JSON or array parameter
// (see dialect.go), so a statement's text never depends on how many there are and no parameter limit applies.
//
// Times are UTC microseconds since 1970 in bigint columns (0: none), ids are UUIDs in lower-case text.
//
//   - db.go, statement.go, tx.go, retry.go: Open, Close, Ping; statements and transactions; together.go: one that a context carries
//   - group.go, link.go: SQLite's one writer, and how requests share its transactions
//   - checkpoint.go: the length of SQLite's log
//   - values.go: rows written by plain inserts, for SQLite
//   - dialect.go: every difference between SQLite and Postgres
//   - sqlite.go, postgres.go, dial_linux.go, dial_other.go: connecting to each
//   - statistics.go: what the databases' planners must know of the tables
//   - errors.go: driver errors into domain errors
//   - migrate.go, migrations: the schema, one text for both; indexes.go: indexes made while others write
//   - seal.go, keyset.go: secrets at rest
//   - catalog.go: the schema as the database describes it; snapshot.go: all of it at one moment
//   - restore.go, restore_sqlite.go, restore_postgres.go: a database made from a backup; backups.go: which were made
//   - carry.go, carry_stage.go: companies carried over from SQLite to Postgres
//   - health.go: what doctors look at
//   - resources_read.go, read_rows.go, groups_read.go, references_read.go, find.go, find_rows.go, searches.go, order.go: resources.Store, reading: one, and pages of many in an order
//   - milestones.go, milestones_set.go, milestones_check.go: how many there are, and where the n-th is, without counting
//   - resources_write.go, resources_body.go, resources_remove.go, resources_check.go, applied.go, members.go,
//     marks.go: and writing; apply_postgres.go, apply_postgres_update.go, apply_postgres_members.go, apply_postgres_beside.go, apply_postgres_remove.go: one change in one statement;
//     lines.go, apply_postgres_together.go: and members of one Group, several at once;
//     load.go: many new ones at once
//   - filter.go, filter_lead.go, filter_place.go, filter_compare.go: a resources.Condition as SQL
//   - named.go: what a change must know of those whom it names; awaited.go, guard.go: and what it asks on behalf of a connection's switches
//   - types.go, types_cache.go: resource types of companies' own; keys.go, hidden.go: what their attributes ask
//   - connections.go, tokens.go, auth_cache.go, exchanges.go, seen.go: resources.Connections
//   - memberships.go: memberships as resources
//   - features.go: what a company turned on; grants.go: how many Users have a role
//   - removed.go: what was deleted, kept for a while, and how it comes back
//   - async.go: resources.AsyncRequests
//   - duties.go: what one replica does for all
//   - census.go, pools.go: what the metrics count; trace.go: what traces hear of
//   - audit.go, attribute_sets.go: audit.Log; changes.go, net_changes.go: audit.Changes
//   - events_streams.go, events_queue.go, events_feed.go, events_keys.go: events.Store, one file per part
//   - companies.go: ownership.Companies; rules.go: ownership.PolicyStore; ownership.go, ownership_read.go: ownership.Store and ownership.Reports
//   - tasks.go, tasks_read.go: manual.Store
//   - push_apps.go, push_plan.go, push_work.go, push_report.go, push_log.go, push_finish.go, push_guard.go, push_reconcile.go, push_names.go, push_discovery.go, push_link.go, push_export.go: push.Store,
//     one file per part
//   - oauth.go, oauth_secrets.go, oauth_grant.go: oauth.Clients and oauth.Store
//   - signin.go, signin_admins.go, signin_issuers.go, signin_sessions.go: oidc.Store
//
// Package db/dbtest gives tests a fresh database of each kind.
package db
