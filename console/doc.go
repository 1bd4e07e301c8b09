// Package console is the web pages: what a company's administrators read and do, in French and English.
//
// Every page is one GET, every action one POST of a plain form; there is no script, and the Content-Security-Policy
// allows none. Pages deny by default: [Console.Handler] lists all routes on one screen, and all but sign-in, the
// language switch and the static files pass through one check of the session. Every query carries the session's
// company, so another company's id is a 404. Someone with the role auditor sees everything and can do nothing.
//
// The package decides nothing: rules are in ownership, writing to apps is in push, sessions are in oidc. It imports
// neither push nor oidc; what it needs of them is declared in contracts.go and connected.go and wired in cmd/proprio.
//
//   - server.go: Console, its dependencies, the routes, the checks in front of every page; form.go: how forms are read
//   - contracts.go: what the console asks of sign-in
//   - connected.go: OAuth clients and event streams of connections, as the pages show them
//   - render.go, format.go, badge.go: templates, dates and numbers, the coloured words
//   - messages.go, language.go: texts from messages/*.json, and who gets which
//   - exchange.go: a SCIM exchange in words, with secrets hidden
//   - signin.go, errors.go: the pages outside the session, and what goes wrong
//   - app_contracts.go: what the console asks of the push engine
//   - drift_contracts.go, setup_contracts.go: and of what compares apps and sets them up
//   - home.go, findings.go, people.go, person.go (person_row.go: one line about
//     a User), groups.go, apps.go, app.go, connections.go, connection.go, audit.go:
//     one page each; app_log.go, app_why.go: the pages under an app's; app_actions.go: what its forms do;
//     provision.go: one person is brought into it, step by step;
//     settings.go, scope.go: how it is treated, who is in it and what it is sent
//   - drift.go: how an app stands to the directory
//   - accounts.go: whose the accounts of an app may be, and all that is sure at once; account.go: one of them is decided about;
//     export.go: an export of an app's accounts is given; discovery_contracts.go: what is asked for that
//   - said.go: sentences of the push engine in French, from messages/engine.fr.json
//   - wizard.go, wizard_steps.go: an app is added: product and access; then test, accounts, scope, trial, start
//   - tasks.go: what people do in apps without an interface, and how it is closed; task_contracts.go: what is asked for that
//   - connected.go: what a connection's page and the list show of its OAuth clients and event stream
package console
