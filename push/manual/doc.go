// Package manual is provisioning by hand, for products without an interface: what an account needs there is a [Task] for a
// person, instead of a call.
//
// The push engine says, under its lease of the app, what an account needs now ([Need]); a task follows it: at most one is
// open for an account, it always says the whole difference to what was said to be done before, and it is withdrawn when
// nothing is needed any more. A person closes it with a proof, or refuses it with a reason. What was said to be done counts
// until an export of the app's accounts says otherwise ([Export]); exports lag, so a contradiction is only noted for a while,
// and an export older than the closing says nothing. What is late is told to the one who answers for the app, then to the
// company's administrators, once each.
//
// The package decides; it speaks neither HTTP nor SQL. It knows what was said to be done, not what is so.
//
//   - task.go: tasks and what may become of one
//   - need.go: what an account needs, and the task that follows from it
//   - difference.go: what differs between two documents, in words
//   - export.go: what an export of accounts says of a task
//   - desk.go: closing, refusing, reading exports back
//   - escalation.go: who is told of what is late
//   - store.go: the contract that databases fulfil
package manual
