// Package reconcile keeps and compares the books that two organisations hold together (突合・帳簿の照合): what the source
// says and what the copy holds, key by key, so that a difference is named while it is small.
//
// A book is a set of entries, a value under each key, of which both ends of a pair have their own (message.Book). The
// rules of the organisations set the entries in the transaction that changes the state itself (Books.Set,
// changes.go), and with them, folded a little later (fold.go), the digests: sums of keyed elements by bucket (digest.go),
// which are compared without looking at the entries.
//
// The source compares every half minute, while messages flow (compare.go). Each answer of the copy names the moment at
// which it holds; the source takes off what the copy had not applied at that moment (chain.go), so that whatever is left
// is a difference and needs no quiet hour. Three questions lead from the sum of all to the keys.
//
// A difference opens a case at both ends (settle.go, case.go), which ends by itself when the two agree again. What people do
// with it needs two of them (work.go): the source sends what it holds, the copy asks for that, or the difference stays and
// is accounted for. A fact that protects somebody is sent again without a person. Which messages that takes, and what
// becomes of them at the other end, is in receive.go.
//
// What somebody changes behind the program's back changes no sum. So the self-audit goes round all the time and holds the
// entries against the tables of the organisation, and those against the entries (audit.go); what it finds is shown
// (finding.go), and made an entry, so that the other end sees it too. The same makes the first entries of what was there
// before the book. A whole book can be sent anew (refill.go).
//
// How it stands is told in status.go, for screens, alarms, statements and commands.
package reconcile
