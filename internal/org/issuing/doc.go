// Package issuing is a municipality's issuing server (証明発行サーバ): it keeps a second copy of what documents are made of, and decides of each
// request for a document (住民票の写し, 印鑑登録証明書) whether one may be made.
//
// Law: the mayor gives out copies of the resident record (住民基本台帳法12条); seals are certified by the municipality's ordinance. The server is the
// municipality's own, and holds what the register holds. From 2020 to 2023 such copies issued seals whose registration had ended, because a
// deletion did not arrive (新潟市, さいたま市, 熊本市), and in 2023 a copy that was written while papers were made gave people the papers of
// others (足立区).
//
// In comes issuing.record of the municipality, sent in the transaction of each change of the register (随時連携): the full state of one person,
// under a version of its own. It is applied in order, the last version wins, an older one is refused, and a hole is a gap that both sides
// notice (copy.go). A new server is filled by the municipality with the same messages. Both hold a book of it, which is compared all the time, and what
// differs is sent anew by two persons there (books.go).
//
// The copy alone issues nothing. Of each request the register is asked about everybody on the page (issuing.question, request.go), and
// what it answers (issuing.answer) is compared with the copy, person by person (judge.go): version and hash, protection (支援措置), a moving out that is
// filed, death, an ended seal, somebody who has come into the household. The question and the answer are a transaction each; between them the
// request is a row that waits, and one to which nobody answers in time is refused. So nothing that protects a person waits for the copy.
//
// Several servers on one database are the normal case: what a request is rests on rows, and on nothing in memory.
//
// A request that is ready is numbered and drafted with the decision, signed in a step of its own (sign.go), judged by the gate (internal/document/press), held against the
// copy once more, and given to the counter (issuing.document), which trusts none of this and judges it by the register. What became of each comes
// back (issuing.outcome, outcome.go); whoever was given a document can have it verified (verify.go). One operator stops issuing at once, and two resume it (halt.go).
//
// What it does not do yet: it stops for the whole municipality and not for one version of the program, and of a third person's request (12条の3) it knows nothing.
package issuing
