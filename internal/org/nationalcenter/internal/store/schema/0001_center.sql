-- One row per living or deleted record: the last state that came (本人確認情報).
CREATE TABLE resident(
  code TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL, birth TEXT NOT NULL, sex TEXT NOT NULL, address TEXT NOT NULL,
  common_name TEXT NOT NULL, number TEXT NOT NULL,
  municipality TEXT NOT NULL,
  version BIGINT NOT NULL,
  built_on BIGINT NOT NULL,         -- the version that was held before it, 0 of a first state: those between never came
  hash BYTEA NOT NULL,
  reason TEXT NOT NULL, arose TEXT NOT NULL, old_code TEXT NOT NULL,
  resides BOOLEAN NOT NULL,         -- false: the record was deleted (消除)
  at BIGINT NOT NULL
);
CREATE INDEX resident_birth ON resident(birth, name);
CREATE INDEX resident_name ON resident(name);
CREATE INDEX resident_place ON resident(municipality) WHERE resides;

-- Codes that are spoken for beside those of residents: allotted to a municipality, or retired by a change of code.
CREATE TABLE code(
  code TEXT NOT NULL PRIMARY KEY,
  allotted_to TEXT NOT NULL,        -- organisation; '' for a code that was in use before the center allotted any
  request TEXT NOT NULL,
  successor TEXT NOT NULL,          -- the holder's present code, when this one was retired
  at BIGINT NOT NULL
);
CREATE INDEX code_request ON code(allotted_to, request) WHERE allotted_to <> '';
CREATE INDEX code_successor ON code(successor) WHERE successor <> '';

-- What kills certificates: the highest version so far, per resident and profile.
CREATE TABLE invalidation(
  code TEXT NOT NULL, profile TEXT NOT NULL,
  version BIGINT NOT NULL,
  reason TEXT NOT NULL, since TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY(code, profile)
);

-- Who holds which certificate (発行情報).
CREATE TABLE certificate(
  serial TEXT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,               -- as the CA knows the holder
  holder TEXT NOT NULL,             -- the holder's present code
  profile TEXT NOT NULL,
  version BIGINT NOT NULL,          -- of the record, that it certifies
  not_before BIGINT NOT NULL, not_after BIGINT NOT NULL,
  municipality TEXT NOT NULL,
  at BIGINT NOT NULL,
  revoked_at BIGINT NOT NULL        -- when the CA was told; 0: not
);
CREATE INDEX certificate_holder ON certificate(holder, profile);
CREATE INDEX certificate_place ON certificate(municipality, profile) WHERE revoked_at = 0;
