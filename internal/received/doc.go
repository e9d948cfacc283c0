// Package received is the table of residents' states that others tell an organisation of (受け取った版): the last state of
// each record, whether a change that comes builds on it, and who may tell of whom.
//
// A prefecture and the national center hold such a table. They differ in how much of the country they hold, which is the
// Side, and in what else they ask of a change, which is theirs.
package received
