-- The books that we hold with another organisation, and on which side of each we are. The number stands for both in the
-- other tables: it comes first in every key, and short.
CREATE TABLE r_pair(
  id BIGINT NOT NULL PRIMARY KEY,
  book TEXT NOT NULL, peer TEXT NOT NULL,
  side TEXT NOT NULL,                       -- source, copy
  adopted BIGINT NOT NULL DEFAULT 0,        -- 1 when the entries of what was there before the book have all been made
  audit_way TEXT NOT NULL DEFAULT '',       -- self-audit: look (entries to state), scan (state to entries), sums
  audit_cursor TEXT NOT NULL DEFAULT '',    -- where that goes on
  cycle_began BIGINT NOT NULL DEFAULT 0,
  cycle_checked BIGINT NOT NULL DEFAULT 0,  -- rows in this cycle so far
  cycle_ended BIGINT NOT NULL DEFAULT 0,    -- the last full cycle: when it ended, how long it took, how many rows
  cycle_took BIGINT NOT NULL DEFAULT 0,
  cycle_rows BIGINT NOT NULL DEFAULT 0,
  UNIQUE(book, peer)
);

-- sqlite only
-- What both ends hold: a value for each key. place is the first 63 bits of the key's SHA-256, its first 16 the bucket; so
-- the entries of a bucket lie together, and one look finds a key.
CREATE TABLE r_entry(
  pair BIGINT NOT NULL, place BIGINT NOT NULL, skey TEXT NOT NULL,
  value BYTEA NOT NULL,
  PRIMARY KEY(pair, place, skey)
) WITHOUT ROWID;

-- postgres only
CREATE TABLE r_entry(
  pair BIGINT NOT NULL, place BIGINT NOT NULL, skey TEXT NOT NULL,
  value BYTEA NOT NULL,
  PRIMARY KEY(pair, place, skey)
);

-- sqlite only
-- The sums of the elements of each bucket, and of all (bucket -1), in four lanes of 62 bits.
CREATE TABLE r_digest(
  pair BIGINT NOT NULL, bucket BIGINT NOT NULL,
  n BIGINT NOT NULL,
  l0 BIGINT NOT NULL, l1 BIGINT NOT NULL, l2 BIGINT NOT NULL, l3 BIGINT NOT NULL,
  PRIMARY KEY(pair, bucket)
) WITHOUT ROWID;

-- postgres only
CREATE TABLE r_digest(
  pair BIGINT NOT NULL, bucket BIGINT NOT NULL,
  n BIGINT NOT NULL,
  l0 BIGINT NOT NULL, l1 BIGINT NOT NULL, l2 BIGINT NOT NULL, l3 BIGINT NOT NULL,
  PRIMARY KEY(pair, bucket)
);
