// Package testdata embeds what tests and the demo share: request sequences as identity providers send them, written
// from what is known of those products, in the format of package scim/replay.
//
// The folder's name keeps it out of ./... patterns; it can be imported like any other package.
//
//   - testdata.go: a sequence by its name
//   - sequences/*.json: the sequences
package testdata
