// Package audit is the record of every change: who did what to which object, when, from where.
//
// An [Entry] is appended in the transaction of the change it records, so neither can exist without the
// other. The package knows nothing of SCIM or of SQL: the packages that change something fill an Entry, and the
// database package writes it.
//
// It does not decide what may be done (see resources and ownership) and it is not the request log (see slog in
// cmd/proprio). Sealing entries into a Merkle tree with signed checkpoints is described in the design and builds
// on the order that [Entry.Seq] gives.
//
//   - entry.go: Entry, Actor and the closed set of actions; the record read backward (Log) and forward (Changes)
package audit
