// Package gate bounds how many requests work at once, and shares that work out among those who ask for it.
//
// A server that takes on whatever comes stalls: each request waits for the database behind all others, until their
// clients give up and repeat them. Behind a gate only as many work as the process can serve well. Each client has a part
// of them at most, and a line of its own in which its further requests wait; the lines take turns, so that a thousand
// requests of one identity provider keep no request of another waiting for more than one of them; and where there are
// several companies, none has more than half of all, however many clients it has. Whoever would wait for
// too long is refused at once, while that costs next to nothing, and hears when to come again.
//
//   - gate.go: the Gate: entering, leaving, whose turn it is
//   - wait.go: waiting in line, and giving up
package gate
