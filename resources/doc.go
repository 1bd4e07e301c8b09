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
//   - schemas.go: User, Group, EnterpriseUser and the ownership extension
//   - document.go, resource.go: a resource's attributes as JSON, and what the store keeps beside them
//   - normalize.go, validate.go, fold.go: input into the schema's form; errors that name the path; comparison forms
//   - condition.go, bind.go, match.go: a parsed filter tied to attributes, and its meaning on a document
//   - modify.go, members.go: add, remove, replace on a document; changes of a group's members
//   - directory.go, policy.go: the one door, and what it asks the company's rules
//   - store.go: the contract that databases fulfil
//   - connection.go: inbound SCIM clients, their tokens and switches
//   - errors.go: the closed set of domain errors
//
// Package resources/filter parses the query language.
package resources
