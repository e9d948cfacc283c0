// Package inspection goes round what is kept and what is served, all the time, and writes down what is wrong with it
// (点検, 所見): an item that was right when it was stored may be wrong now, and nobody looks at it again unless somebody
// always does.
//
// A way (Way) is a kind of thing that is gone round: the certificates of a CA, its lists, the answers that a responder gives.
// Its items are read in pieces, each in a short transaction, and judged outside of it: a judge may ask over the network.
// What seems wrong is looked at a second time before it is believed, because a row may have changed between the look at it
// and the look at that with which it is compared; a fault that no such change explains says so (Fault.Sure).
//
// What was found is a row (a finding, 所見) until the item is found right, or until a person closes it and says why; that person's
// word holds for the item as it was then, and no longer. The poison rule holds: an item over which a judge fails or panics is a
// finding too, and the way goes on behind it. A way goes on after a restart where it stopped, takes a tenth of the machine at the
// most, and shows how long a round takes.
//
// The package knows no certificate. What is judged, and by which rules, is said by whoever has the ways.
package inspection
