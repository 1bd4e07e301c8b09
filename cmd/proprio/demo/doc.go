// Package demo is the story that `proprio demo` shows: a made-up French firm, its identity provider, and a tool it uses,
// all on loopback.
//
// The tool is foreign code: elimity-com/scim's own HTTP server over a small in-memory handler. The identity provider
// signs people in over OpenID Connect and sends the recorded request sequences of testdata over SCIM. Proprio itself is
// the real server, started by cmd/proprio and spoken to over HTTP only.
//
// The package is not a test: it asserts nothing about code, it looks at what an outsider can see.
//
//   - app.go, handler.go: the downstream app and its faults
//   - people.go: the firm and its people
//   - provider.go: the identity provider as a SCIM client
//   - directory.go, visitor.go: looking from outside: over SCIM, and at the console as a browser without JavaScript
//   - story.go: the steps, and what each of them must show
package demo
