-- Who told us of a record: whoever keeps the register that it is in, or holds it for those. The book of a pair is the rows
-- that the peer told us of.
ALTER TABLE resident ADD COLUMN told_by TEXT NOT NULL DEFAULT '';
CREATE INDEX resident_told ON resident(told_by, code) WHERE resides;
CREATE INDEX resident_recoded ON resident(old_code) WHERE old_code <> '';

-- Rows that their source does not have, or has otherwise: out of force, and kept as evidence of what stood here.
CREATE TABLE resident_struck(
  id BIGINT NOT NULL PRIMARY KEY,
  struck_at BIGINT NOT NULL,
  case_ref TEXT NOT NULL,
  code TEXT NOT NULL,
  name TEXT NOT NULL, birth TEXT NOT NULL, sex TEXT NOT NULL, address TEXT NOT NULL,
  common_name TEXT NOT NULL, number TEXT NOT NULL,
  municipality TEXT NOT NULL,
  version BIGINT NOT NULL,
  built_on BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  reason TEXT NOT NULL, arose TEXT NOT NULL, old_code TEXT NOT NULL,
  resides BOOLEAN NOT NULL,
  at BIGINT NOT NULL,
  told_by TEXT NOT NULL
);

-- What we were told has ended certificates: facts, each kept as it came.
CREATE TABLE invalidation_notice(
  told_by TEXT NOT NULL, code TEXT NOT NULL, version BIGINT NOT NULL,
  signature BOOLEAN NOT NULL, authentication BOOLEAN NOT NULL, card BOOLEAN NOT NULL,
  reason TEXT NOT NULL, since TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY(told_by, code, version)
);
CREATE INDEX invalidation_notice_key ON invalidation_notice(code, version, told_by);

CREATE TABLE invalidation_notice_struck(
  id BIGINT NOT NULL PRIMARY KEY,
  struck_at BIGINT NOT NULL,
  case_ref TEXT NOT NULL,
  told_by TEXT NOT NULL, code TEXT NOT NULL, version BIGINT NOT NULL,
  signature BOOLEAN NOT NULL, authentication BOOLEAN NOT NULL, card BOOLEAN NOT NULL,
  reason TEXT NOT NULL, since TEXT NOT NULL,
  at BIGINT NOT NULL
);
