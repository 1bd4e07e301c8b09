// Package ownership is the company's rules: which addresses are its own, who may be in its directory, and whether an
// account in an app is really the company's.
//
// It answers one case: an assistant who left three years ago is still the only super admin of a company tool, signed up
// with a personal address, and the owner cannot get in. [Policy] keeps her like from coming in, on every path that
// writes a User. [Inspector] finds her where she already is: it reads an app's own account list, matches it to the
// company's Users, gives each account a [Verdict] with its reasons, and opens a [Finding] that names the cure.
// Looking changes nothing in the app.
//
// The package decides; it speaks neither HTTP nor SQL. Package resources asks it through resources.Policy, package db
// keeps what it finds, the program hands it a reader of app accounts and a DNS resolver.
//
//   - company.go: companies, their domains, and the contract of their store
//   - domain.go: the normal form of a domain, and which addresses are in it
//   - data.go, data/: consumer mail services, and names of administrators' roles
//   - proof.go: proof of a domain by DNS TXT record
//   - registrar.go: adding, checking and removing domains, with all that follows
//   - policy.go: the rules for a User about to be written: domain binding, sponsor and end date; rules.go: the rules as
//     they were last read
//   - address.go, person.go: what the rules ask of a User: bound addresses; kind and dates
//   - account.go: accounts as an app reports them
//   - role.go: which of their roles make an administrator
//   - match.go: which User is behind an account
//   - assess.go: a whole list judged at once, and nothing kept
//   - verdict.go, judge.go: what a verdict is; how an account gets its own
//   - finding.go, cure.go: what needs a decision, until when, and the steps that mend it
//   - checker.go, verify.go: seeing at the target what an app has confirmed
//   - waiver.go: accounts that somebody decided to let be
//   - inspector.go, store.go: reading, judging and keeping, periodically and whenever a User changes
package ownership
