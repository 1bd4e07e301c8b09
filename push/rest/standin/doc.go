// Package standin is products that do not speak SCIM, small and strict, to try their connectors on (package push/rest). What
// the product refuses, a stand-in refuses: an unknown field, another kind of body, a wrong credential. It pages as the
// product does, a few resources at a time, and answers its errors in the product's form.
//
// It is not the product: it proves that a connector keeps to what is known of the product, never that this is true. It
// shares no code with the connectors, and keeps everything in memory.
//
//   - server.go: what all have in common: who may call, faults, what was heard
//   - answer.go: answers, and what bodies may hold
//   - oauth.go: access tokens for what each product takes
//   - pipedrive.go, lastpass.go, hubstaff.go, zendesk.go, hubspot.go, dropbox.go: the products
//   - google.go, google_groups.go, graph.go, graph_groups.go: those with groups
package standin
