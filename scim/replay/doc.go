// Package replay plays declarative request sequences against a SCIM server over HTTP and checks the answers.
//
// A [Sequence] is a JSON file: the requests of an identity provider in order, what each must answer, and what to keep
// of an answer for the requests after it. Tests play sequences against a test server, the demo's stand-in identity
// provider plays them for made-up people, and `proprio demo --check` plays them as an outsider would. The package knows
// nothing of this server and nothing of testing.
//
//   - sequence.go: the file format
//   - player.go: sending the steps
//   - expect.go: comparing an answer with what is expected of it
//   - variable.go: ${name} in requests and expectations
package replay
