-- What the self-audit found (自己点検の発見): a row that changed behind the program's back, or cannot be read.
CREATE TABLE r_finding(
  pair BIGINT NOT NULL, skey TEXT NOT NULL, at BIGINT NOT NULL,
  what TEXT NOT NULL,                -- changed, gone, appeared, doubled, unreadable, sums
  kept BYTEA NOT NULL, held BYTEA NOT NULL,   -- the entry as it was kept, and what the state says; empty: nothing
  since BIGINT NOT NULL,             -- when all was last found to be right; 0: never
  closed_at BIGINT NOT NULL DEFAULT 0, closed_by TEXT NOT NULL DEFAULT '', closed_text TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(pair, skey, at)
);
CREATE INDEX r_finding_open ON r_finding(pair, skey) WHERE closed_at = 0;

-- A book that is being sent anew (再送による補充), from one place to another.
CREATE TABLE r_refill(
  pair BIGINT NOT NULL PRIMARY KEY,
  place BIGINT NOT NULL, skey TEXT NOT NULL,   -- up to here it has been sent
  last_place BIGINT NOT NULL,
  sent BIGINT NOT NULL, aside BIGINT NOT NULL,
  by_person TEXT NOT NULL, second_person TEXT NOT NULL, reason TEXT NOT NULL, at BIGINT NOT NULL
);
