// Package conformance judges SCIM servers from outside: one verdict for each requirement of RFC 7643, 7644, 9865, 9967,
// of drafts that a server claims, and of profiles that can be chosen; and warnings where clients in use expect more than
// the standards ask. It speaks HTTP with a server and knows nothing of ours, so it runs against any.
//
// What is asked is data: catalogue.txt, one requirement a line with its id, level, source and title in English and
// French. Each line has a check, or says why it cannot be seen from outside.
//
// The suite makes Users and Groups whose names begin with a prefix of the run's own, touches nothing else, and deletes
// them when the check that made them ends, and once more when the run ends or is interrupted.
//
// It is not a load test, and not a scanner: it sends nothing that could harm a directory in use.
//
//   - catalogue.go: requirements, read from catalogue.txt
//   - suite.go: a run; server.go: what is learnt before it; made.go: what is made, and deleted again
//   - probe.go: a check under way; answer.go: what it expects of an answer; http.go: requests, with bounds and without secrets
//   - watch.go: what every answer must be, whatever it is about
//   - checks.go: all checks, and the Users that queries share
//   - check_envelope.go, check_discovery.go: R01 to R13
//   - check_create.go, check_replace.go, check_values.go: R14 to R25
//   - check_patch.go, check_patch_path.go: R26 to R38
//   - check_filter.go, check_page.go, check_projection.go: R39 to R50
//   - check_bulk.go, check_version.go, check_security.go: R52 to R58
//   - check_cursor.go: RFC 9865; check_event.go: RFC 9967; check_draft.go: roles and entitlements
//   - check_interop.go, check_interop_patch.go: the interoperability profile; check_ipsie.go: IPSIE
//   - tolerance_envelope.go, tolerance_value.go, tolerance_query.go, tolerance_patch.go, tolerance_member.go,
//     tolerance_life.go: what clients in use expect, Q01 to Q57
//   - report.go: results; report_text.go: as text and JSON; report_html.go: as a page; words.go: their two languages
package conformance
