-- What the issuing server (証明発行サーバ) was told last of each person, under which version. The versions count whatever documents are made of
-- has changed: the record, the place in the household, the seal, a planned moving out, a protection.
CREATE TABLE issuing_told(
  person BIGINT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  version BIGINT NOT NULL,
  deleted BOOLEAN NOT NULL,
  hash BYTEA NOT NULL,
  at BIGINT NOT NULL
);
-- How far the register was gone through to fill the server for the first time. No row: that has not begun.
CREATE TABLE issuing_fill(
  peer TEXT NOT NULL PRIMARY KEY,
  after_person BIGINT NOT NULL,
  sent BIGINT NOT NULL,
  done BOOLEAN NOT NULL
);
