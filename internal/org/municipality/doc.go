// Package municipality is a municipality (市区町村): it keeps the resident register (住民記録) with every version of every
// record, serves people at its counter (窓口), and takes their applications for certificates (受付窓口, RA).
//
// It acts under the Basic Resident Registration Act (住民基本台帳法: 5条 the register, 7条 its items, 8条 entry, 22–25条 notices)
// and passes applications on under the JPKI Act (3条, 22条). Articles are those of 2013-11-26.
//
// What a person files is one act in one transaction: the new version of the record, the audit entry, and the messages out.
// Each kind of change has a file: register.go, movewithin.go, minor.go, amend.go, moveout.go, death.go, removal.go,
// recode.go; what they share is change.go. Seals (印鑑登録) are seal.go and sealend.go, a town's new name for all who live there townrename.go. A change is refused as plain.Problems, all of them at once and by field, and
// then nothing has been written. Notices carry the version of the record that the form was opened on: a record that
// changed meanwhile is never overwritten unseen.
//
// Going out: resident.change and, when something dies, resident.invalidation (safe, so that nothing holds it up) to the
// prefecture; code.request and number.request to the national center; cert.request to the CA; cert.revoke to both of these. Coming in:
// code.allotment, number.assignment, cert.issued, cert.refused. resident.protection and its end go out for whom this municipality protects,
// and come in from the national center for whom others do (protect.go; the gate before every look is protectgate.go).
//
// Where it has an issuing server (証明発行サーバ), issuing.record goes there at the end of each transaction that changed what documents are made of
// (issuing.go), and issuing.question comes from there and is answered.
//
// A person is a 住民票コード. Nobody is registered under one that we did not give without the national center's signed agreement
// (attach.go), which is asked for before the transaction.
//
// It is the source of two books that the prefecture holds copies of: the records in force, and what versions of records
// have killed. Both are recomputed from the register itself (books.go).
//
// What it does not do yet: households as records of their own (世帯変更), the transfer notice between municipalities
// (転出証明書情報 is typed in), the card. A holder's key that is made at the counter is kept in memory
// for ten minutes and never stored.
package municipality
