// Package resources holds Users, Groups and the schemas that describe them, and the one door every change of them
// passes: [Directory].
//
// A request, a console form, an import or a command becomes a call on Directory. Directory brings the input into the
// schema's form, validates it, asks the company's [Policy] (implemented by package ownership), and hands the store one
// [Change] that holds the resource, its index rows, its audit entry and the objects to push. The store writes them in
// one transaction. There is no other way to write, so a rule enforced on POST is enforced on PUT, PATCH, bulk, import
// and console alike.
//
// The package speaks JSON documents and schemas. It knows nothing of HTTP (package scim), of SQL (package db), or of
// what a company may own (package ownership). Schemas, attribute types and SCIM error values come from
// elimity-com/scim and cross only here; everything else asks the compiled [Registry].
//
//   - registry.go, attribute.go: the schemas, compiled once into look-up tables
//   - definition.go, definition_read.go, definition_check.go, definition_compatible.go: resource types of a company's own, as
//     JSON; shipped.go, types: those that come with the program
//   - registry_own.go, traits.go, reference_own.go: and compiled, with what the directory must tend to; hidden.go: what is
//     never returned
//   - schemas.go: User, Group, EnterpriseUser and the ownership extension
//   - document.go, encode.go, resource.go, index.go: a resource's attributes as JSON, and what the store keeps beside them
//   - decode.go, decode_fast.go, normalize.go, value.go, element.go, address.go: a request's JSON, and input brought into the schema's
//     form
//   - validate.go, fold.go: errors that name the path; the forms in which text is compared
//   - condition.go, bind.go, operand.go: a parsed filter tied to attributes, operators and values that fit them
//   - match.go: the meaning of a condition on a resource
//   - query.go, sort.go: which resources, in which order, and which page of them
//   - draft.go, modify.go, multi.go, members.go: a resource while it is being changed; add, remove, replace
//   - work.go: how much one request may compare; scan.go: which comparisons of a filter no index answers
//   - directory.go, directory_members.go, remove.go, reconsider.go: the one door; batch.go: and many at once
//   - pending.go, pending_members.go, policy.go: a change's way through the door, and what the company's rules are asked; named.go:
//     what it must know of those whom it names
//   - post.go: what a post is, and what follows when it is held already
//   - store.go: the contract that databases fulfil
//   - removed.go: what was deleted, kept for a while, and how it comes back
//   - async.go: requests that are made later
//   - membership.go: memberships as resources
//   - grant.go: the roles and entitlements that a company has
//   - features.go: what a company turned on
//   - connection.go, token.go: inbound SCIM clients; bearer tokens
//   - switches.go, switch_list.go, presets.go: what can be set for a connection, and what is set for which identity provider
//   - awaited.go: references to what a connection has not sent yet
//   - reference.go: the places of a Body that point to another resource
//   - guard.go: what no connection may do in one stroke; country.go: codes of countries; role.go: roles as JSON in a text
//   - errors.go: the closed set of domain errors
//
// Package resources/filter parses the query language; resources/load brings files in.
package resources
