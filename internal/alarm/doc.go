// Package alarm tells people what asks for them, and proves that it would have (警報).
//
// The table Definitions says what is watched: from which value on an alarm opens and how long that must last, below which
// value and after how long it closes, how severe it is, and which runbook (docs/runbooks) says what to do. A Source looks
// at one part of the organisation and returns Signals: how much, of what, about whom. Every five seconds, and at once when
// Bell rings, the evaluation asks all sources, compares what they say with the table, and writes what changed: rows that
// open, are seen again and close, with a line in the journal for each and an item for the webhook. Between its Raise and
// its Lower an alarm stays as it is, so that a value that wavers does not open it ten times.
//
// What is wrong with the watching is an alarm itself. A source that fails, panics or hangs costs one deadline, closes
// nothing and hides no other: its alarms stay as they were, and source-failed names it. An evaluation that does not run is
// shown by whoever reads: View computes its age, and the alert rules (docs/alarm-rules.yaml) ask for its time.
//
// The same alarms come out in four ways: rows for the screens (View), metrics (Handler), the journal, and the webhook,
// a kind of due work that is tried again with growing pauses and set aside in the end. docs/alarms.md is the published
// form of the table, of the metrics and of what the webhook sends.
//
// No signal holds personal data: names of organisations, kinds, books, numbers of messages and cases are all it may say.
//
// This package knows no source but itself. Those of the exchange are in package pairs, histories in package trend, the
// drill that proves the whole way in package drill.
package alarm
