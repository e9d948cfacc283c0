-- sqlite only
-- What transactions have set and nobody has folded into r_entry and r_digest yet: one row for each book of a transaction,
-- with all its changes in the order in which they were set (changes.go). A transaction so adds one row at the end of a
-- table, instead of rows all over two large ones; the fold does that for many at a time.
CREATE TABLE r_change(
  pair BIGINT NOT NULL, n BIGINT NOT NULL,
  turn BIGINT NOT NULL DEFAULT 0,    -- what counts before n, on the other engine
  changes BIGINT NOT NULL,           -- how many
  body BYTEA NOT NULL,
  PRIMARY KEY(pair, turn, n)
) WITHOUT ROWID;

-- postgres only
-- The numbers that the program gives are in the order of time within one process only, and several may share a schema.
-- This is no id: two transactions that set the same key also write the same row of the state before, so the second takes
-- its turn after the first has committed.
CREATE SEQUENCE r_change_turn;

-- postgres only
CREATE TABLE r_change(
  pair BIGINT NOT NULL, n BIGINT NOT NULL,
  turn BIGINT NOT NULL DEFAULT nextval('r_change_turn'),
  changes BIGINT NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY(pair, turn, n)
);

-- postgres only
-- Keyed hashes do not get smaller, and trying takes longer than writing them.
ALTER TABLE r_change ALTER COLUMN body SET STORAGE EXTERNAL;
