// Package load reads Users and Groups from files and brings them into a company's directory: what an administrator has in
// a spreadsheet, or what another system exports.
//
// A [Source] reads a file as it comes, row by row; a [Loader] takes the rows in batches, finds out which of them are there
// already, puts ids in the place of the names by which rows refer to each other, and hands them to
// [proprio/resources.Directory]. So a row meets every rule that a request over SCIM meets. Neither keeps the file: rows
// that refer to what comes further down wait in a temporary file.
//
//   - source.go: rows, and which format a file has
//   - text.go: a file's characters as UTF-8
//   - table.go: tables (CSV), whoever wrote them
//   - csv.go, column.go: tables of resources, and what their columns are
//   - json.go: JSON and NDJSON
//   - loader.go: batches of rows into the directory
//   - batch.go: one batch: what is new, what is there
//   - update.go: a row merged into what is there; the members of Groups
//   - reference.go: names in the place of ids; waiting.go: rows that wait for others
//   - told.go: what became of rows
package load
