// Package simulate runs a whole country in one process and in virtual time (シミュレーション), lets happen to its invented residents
// what happens to real ones, and proves that everybody still holds the same: the registers, the copies of the prefectures and of
// the national center, and the certificates.
//
// Whatever happens goes through the functions that a clerk's page calls, on a working day and at an hour when counters are open. What is proved
// is read from the tables by code that shares nothing with the rules that wrote them: the books of reconcile, the self-audit and
// the inspection are asked as well, and have to be silent. A fault can be planted; the run then has to find it and to name it.
//
// Real rates are those of events per resident; with a few hundred residents nothing would happen on most days, so Options.Pace
// multiplies them, and every kind of event happens at least once in a run of two days or more without a fault. Certificates run out after years: some are
// issued before a run as if that had been years ago, so that they are renewed, or run out on a birthday, in it (expiring.go). What is not played: nothing
// happens to who is protected until that ends.
//
// What only looks works in the evening alone (window.go), once round; every row is looked at every evening all the same.
package simulate
