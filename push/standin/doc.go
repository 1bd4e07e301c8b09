// Package standin is a downstream app to try the push engine on: a small and strict SCIM server built from a product's
// profile (package push/profiles). What the profile says that the product refuses, it refuses; where the profile says that
// its answers are odd, they are.
//
// It is not the product: it proves that the engine keeps to the profile, never that the profile is true. It shares no code
// with the engine and the client, and keeps everything in memory.
//
//   - server.go: the server, faults, who may call
//   - answer.go: requests on collections and on single resources
//   - list.go: filters and pages
//   - patch.go, members.go: PATCH, all of it or nothing
//   - rules.go: what the product takes and what it refuses
//   - look.go: what the app holds, and what a person does in it
package standin
