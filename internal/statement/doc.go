// Package statement closes the books of each pair of organisations at midnight and at the end of the week (日締め・週締め), and
// keeps the operator's round of the day (日次業務).
//
// In 2004 two organisations that counted the same messages never compared their counts, and 61 days passed. Here the
// sender of each stream fixes a cut at 0:00 in Japan, counts what it sent up to there, signs that account and sends it; the
// receiver counts the same numbers, signs its own and sends it back. The two accounts are a statement. Both sides come to
// the same lines (message.Lines): agreed, explained by what is open and named, or unexplained. Beside messages the accounts
// hold the books of the pair with their last comparison, and figures of the business from each side's own tables.
//
// How a close goes: a task hands out the work at midnight (turn.go); each pair's work is due work, counted in pieces,
// signed with no transaction open, and written down with the message that carries it (close.go). The peer's account comes
// as a message (receive.go) and is answered in the same way (answer.go). What was compared is kept and judged (keep.go). An
// organisation that was off over midnight finds the closes that it missed when it is back, by the same task.
//
// Silence is a sign too: an account that has not come thirty minutes after its close, an unexplained line that no round has
// looked at, and a round that nobody signed by noon of the next day are told to the alarms (signals.go).
//
// A statement can be taken away as a file (Export) that package verify checks, and a script with openssl and jq.
package statement
