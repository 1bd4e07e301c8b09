// Command proprio is the Proprio server and its administration.
//
// It only wires: flags become a configuration, the configuration becomes an instance whose parts are the packages of
// this module, and each command is a few calls on them. Whatever decides something lives in a package.
//
//   - main.go, root.go, config.go: the program, its commands, its settings (flags, environment, file, defaults)
//   - instance.go: every part of a server and how they meet; background.go: what runs beside the requests
//   - serve.go: listeners, health, drain; metrics.go: the second listener; lock.go: one server on a SQLite folder
//   - company.go, domain.go, connection.go, token.go, app.go, admin.go, issuer.go: one noun each, for administrators
//   - adapters.go: small types that let packages meet which do not know each other
//   - demo.go and package demo: the whole story on one command
//
// Exit status: 0 done, 1 it failed, 2 the command line was wrong.
package main
