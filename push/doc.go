// Package push keeps downstream apps in the state that the directory wants.
//
// A change leaves a dirty mark in its own transaction. The [Planner] turns marks into raised generations of account
// rows, one per (app, object). The [Engine] leases an app, takes its due rows in the order of their [Rank], computes
// what the app should hold now, compares it with what was last written, sends the least change with scim/client, and
// records the generation it confirmed. Nothing is replayed: ten edits while an app is down become one call, and a
// generation raised while a call runs makes another one.
//
// What it guarantees: delivery at least once, with no giving up, only slower and visible; one worker per app; a look-up
// before every creation, so that a lost answer makes no second account; access taken away first, kept as a tombstone
// until the app confirms it, also when the local row is gone; no touch of an account that it neither created nor linked.
//
// It is not an event queue, it decides nothing about who is in the directory, and it does not judge the accounts it
// finds (package ownership). It knows nothing of SQL.
//
// Limits, so far: memberships are those of Users held directly by a Group; Groups inside Groups are not pushed.
//
//   - app.go: apps, accounts, attempts and their closed sets of states
//   - store.go, errors.go: the contract that databases fulfil
//   - scope.go, planner.go: which apps an object belongs in; marks into wanted generations; everything again
//   - engine.go: the loop over planner and apps; leases
//   - rename.go: a Group's new name reaches the apps whose expressions read it
//   - rulebook.go: the rules of apps (package mapping), compiled; which Users their expressions take in; reading.go: a User's
//     document, read once for all that is asked of it
//   - mapped.go: a User's document by an app's rules, and what of it an account that is there keeps
//   - settle.go: settings are checked against profile, schemas and Groups before they are stored
//   - preview.go: what settings would make of a User
//   - settings.go: how an app is to be treated, beyond what every app needs; settings_read.go: that, from a file
//   - setup.go, probe.go: an app that is not set up yet; whether it answers, and what is in the way
//   - explain.go: why an object is in an app as it is
//   - credential.go: whose an app's credential is, and until when
//   - remote.go: an app as the engine talks to it, whatever the product speaks
//   - client.go: clients for apps, reading an app's account list
//   - worker.go: one app under one lease: batches, pace, what a result makes of the row and of the app
//   - doubt.go: what an app may have done although nobody heard of it
//   - ledger.go: what jobs have written, together; slots.go: how often an app is called at once
//   - job.go: one account's work; user.go, retire.go, group.go, members.go: its kinds
//   - byhand.go, byhand_group.go: the same for products without an interface, where it becomes a task (package push/manual)
//   - accepted.go: whether an app that says yes first and works later has done what it was asked
//   - compare.go: how all that an app holds stands to the directory, and what would be done; compare_known.go: what is
//     known of there; compare_absent.go: what is not, and what the app holds besides
//   - ondemand.go: one object at once, in five steps that say what they did; rehearsal.go: an app that only notes what it
//     would be sent
//   - reconcile.go: that, kept, every night or when somebody asks; repair.go: what was found different or missing is sent again
//   - discover.go: whose all the accounts of an app may be, from its list or an export; discover_match.go: how they are told;
//     discover_decide.go, discover_bulk.go: link, adopt, leave, except; discover_check.go: what is refused; discover_store.go:
//     what was decided; linked.go: the first push of a linked account, and no touch of one that is to be left;
//     unlink.go: a link taken back
//   - match.go, takeover.go: look-up before create, link; take over what a former object left; census.go: one look-up for all
//     of a first push
//   - document.go, patch.go: the wanted remote document and the least change towards it
//   - guard.go: how much an app may lose at once; what is more waits for a decision
//   - delete.go: where an app asks for it, accounts are deleted long after their access ended
//   - last_administrator.go: who is the last administrator of an app keeps the access
//   - failure.go, backoff.go: what an answer means, and when to try again
//   - confirmation.go: what the app said of accounts, for who verifies it there
//   - status.go: counts, for the console and the command line
//
// What it says to readers has its French in console/messages/engine.fr.json; a test of package console tells what is missing.
//
// Package push/profiles says as data what each product can do.
package push
