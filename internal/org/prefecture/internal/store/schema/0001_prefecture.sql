-- One row per living or deleted record of the prefecture's residents: the last state that came (本人確認情報).
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
CREATE INDEX resident_place ON resident(municipality) WHERE resides;
