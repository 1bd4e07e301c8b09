// Package scim speaks SCIM 2.0 (RFC 7643, RFC 7644) over HTTP: it turns requests of identity providers into calls on
// [proprio/resources.Directory] and its answers into responses.
//
// It decides nothing about Users and Groups: what is valid, unique, allowed and kept is decided in package resources.
// What is decided here is the wire: who may ask (bearer tokens), which dialects of a PATCH body are understood, which
// attributes a response shows, and which status and scimType an error becomes.
//
// A request passes, from the outside in: observe (request id, log line, metrics, recording, panics), public (what is
// told without a token), authenticate (so that nothing else is), throttle, admit, the site of the company (letter case and slashes of the path,
// routes), and a handler. Handlers return errors; one function writes them.
//
//   - server.go: the Server and its limits; site.go: every route on one screen, for each set of resource types
//   - public.go: what is told without a token; auth.go: bearer tokens; rate.go, admit.go: requests per second of a connection, and at once
//   - pace.go: how long a client may take to send a body, or to take an answer
//   - observe.go: the log line, metrics and recovery of a request; recorder.go, secret.go: requests kept for the admin;
//     recognize.go: which client they show
//   - hidden.go: and what they hold that is never returned; types_reference.go: references in companies' own resource types
//   - request.go: paths, media types, bodies, query parameters
//   - errors.go: one table from domain errors to statuses and scimTypes
//   - resource.go: POST, GET, PUT, PATCH and DELETE of one resource
//   - collection.go, search.go: what a query asks, as parameters or as a SearchRequest; list.go, cursor.go: pages
//   - stream.go: answers that are read and written in parts
//   - change.go: the one way in which a request, single or bulk, changes a resource
//   - bulk.go, bulk_operation.go, bulk_reference.go, bulk_circle.go: many changes in one request, and how they refer to
//     each other; bulk_run.go: and are written together
//   - async.go, async_run.go: requests that are made later (RFC 9967)
//   - precondition.go: ETag, If-Match, If-None-Match
//   - patch.go: a PATCH body, in every dialect, into operations
//   - me.go: /Me
//   - delta.go: what changed since a point in time
//   - render.go, reference.go: a stored resource into a response; what its references are called
//   - projection.go, mask.go, json_span.go: attributes and excludedAttributes; what they leave of a resource, cut out of its bytes
//   - document.go: resources rendered for event streams
//   - discovery.go: ServiceProviderConfig, ResourceTypes, Schemas; canonical.go: what a profile wants declared besides
//
// Package scim/client is the outward side; scim/gate bounds what works at once; scim/replay plays recorded sequences against a server.
package scim
