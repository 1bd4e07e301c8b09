// Package profiles says as data what each downstream product can do with SCIM and what it cannot: one JSON file per
// product in the folder data, embedded, read and checked by [Load].
//
// A profile holds facts about a product, never code and never a company's choice (scope, credentials, linking are
// settings of the app). A fact that is left out has the value of the field's "default" in the comments of [Profile]. A file with an
// unknown field, an unknown value or a contradiction does not load, and a test loads all of them.
//
//   - profile.go: the fields
//   - manual.go: what a person has to do in a product without an interface
//   - load.go: reading, defaults, validation
//   - page.go: a profile as a page for the administrator who connects the product
//   - data/*.json: the products
package profiles
