// Package export reads a product's own account list from a file: the CSV that an administrator of the product downloads
// there. It is how accounts are seen of products that have no interface, and of those whose interface does not show them.
//
// The products name their columns as they like, in French or in English; [Columns] says which of them mean what. A file is
// read whole or not at all: a row that cannot be read is an error with its line, because an account that is merely not read
// must never look like one that is not there.
//
// The package matches nobody and judges nothing (package ownership). It is not the way to bring in Users, which package
// resources/load is.
//
//   - read.go: a file into accounts
//   - format.go: what is no table of text
//   - columns.go, data/columns.txt: what columns mean
//   - status.go, data/status.txt: what words say that an account is active
package export
