// Package conform is the kit that holds the program to what it promises of itself (適合試験).
//
// Queue tries the poison rule: of every declared queue (internal/queue) it puts 0, 1, 11, 100 and 1,000 items that cannot
// be processed at the head, in each way in which they can come there, on each database engine, and requires
//
//   - that the next good item comes through within a second of the queue's own time, which is virtual: what is measured
//     is waiting, not the machine. The real time that it took is said beside it. A path at the start of the program has no
//     other time than the real one;
//   - that the bad ones are set aside: counted in the figures, shown in the lists, each with a reason in both languages;
//   - that a good item passes them then, and that a restart succeeds, with the bad ones at the head and after they were
//     set aside, and forgets none of them.
//
// Of a handler that never returns there are 1 and 11. Each may cost its deadline once, in real time, and no more: then
// its kind is in the slow lane, and the next good item costs none.
//
// The rigs with which the kit holds a queue stand beside the queue's declaration. Those of packages that stand too low to
// build a world for themselves (internal/exchange needs keys, certificates, and somebody at the other end) stand here, in
// rigs.go and the files that it names.
package conform
