-- What the last comparison of each book came to.
CREATE TABLE r_last(
  pair BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,               -- by the source's clock
  heard_at BIGINT NOT NULL,         -- by ours
  outcome TEXT NOT NULL,            -- agreed, explained, differs, backlog, making, unreachable, failed
  reason TEXT NOT NULL,
  differences BIGINT NOT NULL, explained BIGINT NOT NULL,
  outstanding BIGINT NOT NULL, parked BIGINT NOT NULL, held BIGINT NOT NULL,
  entries BIGINT NOT NULL,
  trips BIGINT NOT NULL, bytes BIGINT NOT NULL
);

-- Comparisons by day of the Japanese calendar (突合の記録).
CREATE TABLE r_comparison(
  pair BIGINT NOT NULL, day TEXT NOT NULL,
  agreed BIGINT NOT NULL DEFAULT 0, explained BIGINT NOT NULL DEFAULT 0, differed BIGINT NOT NULL DEFAULT 0,
  put_off BIGINT NOT NULL DEFAULT 0,     -- too much under way, or the other side not there
  most BIGINT NOT NULL DEFAULT 0,        -- the most differences that one found
  first_at BIGINT NOT NULL, last_at BIGINT NOT NULL,
  PRIMARY KEY(pair, day)
);

-- A difference between what both ends hold under a key (不一致の件). Both ends have it under one name.
CREATE TABLE r_case(
  id TEXT NOT NULL PRIMARY KEY,
  pair BIGINT NOT NULL, skey TEXT NOT NULL,
  state TEXT NOT NULL,               -- open, explained, closed
  what TEXT NOT NULL,                -- missing (at the copy), extra (there), differs
  opened_at BIGINT NOT NULL, closed_at BIGINT NOT NULL DEFAULT 0,
  closed_how TEXT NOT NULL DEFAULT '',   -- itself, people
  because TEXT NOT NULL DEFAULT '',      -- what explains it: a message that was withdrawn, a case that people closed
  source_value BYTEA NOT NULL, copy_print BYTEA NOT NULL,
  source_ja TEXT NOT NULL, source_en TEXT NOT NULL, copy_ja TEXT NOT NULL, copy_en TEXT NOT NULL,
  owner TEXT NOT NULL DEFAULT '',        -- the person here who works on it
  notes BIGINT NOT NULL DEFAULT 0,
  prop_act TEXT NOT NULL DEFAULT '', prop_text TEXT NOT NULL DEFAULT '', prop_by TEXT NOT NULL DEFAULT '', prop_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX r_case_open ON r_case(pair, skey) WHERE state <> 'closed';
CREATE INDEX r_case_key ON r_case(pair, skey, opened_at);
CREATE INDEX r_case_time ON r_case(opened_at, id);

CREATE TABLE r_case_note(
  id TEXT NOT NULL, n BIGINT NOT NULL,
  at BIGINT NOT NULL, author TEXT NOT NULL,   -- organisation
  act TEXT NOT NULL, body TEXT NOT NULL, by_person TEXT NOT NULL, second_person TEXT NOT NULL,
  PRIMARY KEY(id, n)
);
