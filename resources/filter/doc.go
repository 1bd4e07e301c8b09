// Package filter parses SCIM's query language: filters (RFC 7644 §3.4.2.2) and PATCH paths (§3.5.2).
//
// It turns text into a syntax tree and says what is wrong with a text that is none. It knows no schema: whether an
// attribute exists, and whether an operator or a value fits it, is for package resources to say, which ties a tree
// to attributes (Bind) and gives it a meaning.
//
// The tree's types are those of scim2/filter-parser. Its parser is not used in production: it does not decode the
// escapes of strings, takes some 400 times as long, and overflows the stack on deep nesting. Tests hold the two parsers
// together on everything that both accept.
//
//   - filter.go: Parse, ParsePath, their options, caps and error
//   - parse.go: the grammar, one method per rule
//   - name.go: attribute names, URNs, operators and keywords
//   - value.go: literals
//
// A parse keeps its state to itself; everything here is safe for concurrent use.
package filter
