// Package mapping says, per app, who is in its scope and what it is sent of a User: rules that an administrator writes,
// as data, checked and compiled when they are saved.
//
// A value comes from an attribute of the User, from a constant, or from an expression in the language of
// github.com/expr-lang/expr. An expression sees the User and nothing else: no clock, no network, no other person. Names and
// types are checked against the schemas of the company, what it makes against the attribute that takes it, so that a
// mistake is told with its line and column before it is stored. How long it may work on one User is bounded, in steps and
// in the length of what it makes.
//
//   - rules.go: the rules, as an app's settings hold them
//   - compile.go: checking and compiling all rules of an app
//   - expression.go: one expression: compiling, running, what is wrong and where; words.go: how that is said
//   - budget.go: what an expression may use, and how its work is counted; functions.go: what it may call
//   - person.go: a User as expressions see it
//   - target.go: the attribute that takes a value; shape.go: the form that it wants
//   - roles.go: who gets which role of the product
//   - apply.go: a User's document for the app, step by step
//   - path.go: values in a document by their keys
package mapping
