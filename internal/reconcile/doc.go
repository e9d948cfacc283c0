// Package reconcile keeps and compares the books that two organisations hold together (突合・帳簿の照合): what the source
// says and what the copy holds, key by key, so that a difference is named while it is small.
//
// A book is a set of entries, a value under each key, of which both ends of a pair have their own (message.Book). The
// rules of the organisations set the entries in the transaction that changes the state itself (Books.Set), and with them
// the digests: sums of keyed elements by bucket, which are compared without looking at the entries.
package reconcile
