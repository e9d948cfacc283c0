// Package exchange carries signed messages between organisations (団体間の電文交換). It guarantees:
//
//  1. Atomic. The business change, its outbox rows and its audit entry commit in one transaction; so do the
//     receiver's effect, inbox row and verdict.
//  2. Nobody waits for somebody else. Order is kept per key (a resident, a card), never per stream; a message has
//     one or more keys, the resident's among them on both rivers, and a change of 住民票コード carries the old and
//     the new. A message that cannot be applied parks; only later messages that share a key are held, and safe
//     kinds never are.
//  3. Every message ends as applied, or as resolved by a person: nothing is dropped, nothing is retried for ever.
//     The receiver answers each with a verdict. No verdict (timeout, refused connection) backs off with a cap, is
//     probed by one message, and goes on at once when the peer is back. A peer that refuses us (certificate,
//     allow-list, signature) is a named state of the pair with an alarm, not a retry.
//  4. Resolution. Changes carry the full after-state. Corrected: same sequence, next attempt. Withdrawn or accepted
//     as is: the held messages are re-based in the same transaction. A gap is filled without people: the receiver says
//     what it holds, the sender makes the message build on that, three times at most.
//  5. Receipts. The receiver signs its verdicts on each batch (受領証), after they are durable; the sender settles on
//     nothing else, and both keep the receipt for good. One that was lost is asked for again; one that is missing, or
//     wrong, is seen and counted on both sides. Anybody can check one, or the proof of a single message, offline.
//  6. Visible at once. A parked message is on both organisations' screens with its reason, and is a task that is
//     closed by inquiry, confirmation by the receiver, and a second person.
//  7. Always reconciled. What both ends hold is compared at a cut, while messages flow (internal/reconcile); here is
//     what a comparison rests on: asks, cuts, and what is not applied beyond one.
//  8. Restored is new. A stream is (sender, node, epoch, receiver); a database restored from a copy starts a new
//     epoch, so that its numbers are never taken for duplicates, and a restored receiver is sent again what it lost.
//  9. Bounded. Per-peer windows and byte budgets; when full, callers are told so at the door. Payloads with personal
//     data expire by rule; hash and verdict stay.
//  10. Only who may. mTLS certificate → organisation → allowed kinds; everything else is refused, counted and shown.
//
// The shape is: message in → one transaction → messages out. A rule is a function of the organisation; it returns
// nil (applied), a *Rejected (parked for a person on both sides), or another error (again later, bounded). Rules
// never call the network, never wait and never loop.
//
// How a message travels: Send puts it into the outbox, inside the caller's transaction (send.go). A task per peer
// takes what is ready, in order, up to a batch, signs it and hands it over (pump.go). The receiver checks who signed
// it and whether they may, runs the rules in one transaction, one by one when something fails, and answers with a
// verdict on each (receive.go). The sender writes the verdicts down; what was refused parks and its keys are held
// (settle.go, hold.go). People resolve what is parked (resolve.go) and see both sides' view (view.go). What people of the
// receiver accepted is offered once more when their note tells of it (note.go): that, too, ends by a verdict alone.
//
// What can go wrong on the way has its own files: a peer that is away, or falls over one message (pump.go, probe.go); a
// rule that is slow, or does not come back (slow.go, hang.go); a stored message that is damaged (damaged.go); a database
// restored from a copy, on either side (greet.go, orphan.go, renumber.go, carry.go); a message that never came (gap.go); a receipt that
// got lost (fill.go). The receipts themselves are signed and checked in receipt.go, and kept in keep.go.
//
// Two organisations ask each other what must not travel as a message (ask.go), and speak of one moment by a cut (cut.go):
// the receiver says up to where it has applied what (mark.go), the sender which of its messages that leaves out.
//
// Nothing here knows an organisation, a clock of its own, or the network: time, randomness and the Link are
// arguments, so that the same code runs in memory and virtual time (Memory), and between processes (package wire).
package exchange
