// Package sqlstore keeps an organisation's rows (保管): one SQL database per organisation, SQLite embedded or PostgreSQL,
// under one portable SQL text, and transactions that are durable when they return.
//
// What it guarantees:
//
//   - Update returns nil only after the transaction is on stable storage. SQLite must run with synchronous=FULL and in a
//     version without the WAL-reset fault (3.51.3 or later), PostgreSQL with fsync, full_page_writes and
//     synchronous_commit; Open asserts this and refuses otherwise. The one exception is the engine "memory:", for
//     replays and tests in virtual time: it keeps nothing, and its name says so.
//   - View sees one snapshot; it neither sees half a transaction nor holds up a writer.
//   - A transaction function may be called more than once (a serialization failure on PostgreSQL, a group on SQLite
//     whose commit failed), each time in a new transaction in which nothing of the earlier call is left. So it must
//     change nothing but tx and variables that it sets anew on each call; effects outside belong in Tx.OnCommit.
//   - A statement that fails fails its transaction, on both engines, unless a Tx.Attempt around it took it back.
//   - Times come from the clock of Options, never from SQL.
//
// The portable SQL is the subset that both engines read alike: $1 placeholders, BIGINT, TEXT, BYTEA, BOOLEAN; times as
// BIGINT microseconds UTC; NOT NULL written on keys; ids given by the program; no now(), no FOR UPDATE, no = ANY.
//
// Several processes may share a PostgreSQL schema. A SQLite file belongs to one process, which holds a lock beside it.
package sqlstore
