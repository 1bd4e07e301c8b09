// Package dbtest gives tests real databases: a fresh SQLite file or a fresh Postgres schema for each.
//
// A test binary starts its own Postgres server, on first use, in a temporary folder, reachable by a Unix socket only.
// It needs no TestMain: a watchdog stops the server and removes the folder when the test binary ends, however it ends.
//
// Environment:
//
//   - PROPRIO_TEST_DATABASE: sqlite or postgres limits [Each] to one of them
//   - PROPRIO_TEST_POSTGRES: URL of a running server to use instead of starting one
//   - CI=true: without Postgres, tests fail instead of being skipped
//
// Only tests import this package.
//
//   - dbtest.go: what tests call; app.go: apps as a test has them; sound.go: whether a file of SQLite is whole
//   - server.go: the Postgres server of a test binary; cluster.go: one of a single test, to be stopped and started
//   - process_linux.go, process_other.go: processes that end with the test binary
package dbtest
