-- The register (住民記録): one row for each person, with what they are searched by. The keys are bytes, because texts
-- compare by each engine's own rules. The state itself is the version that the row points at.
CREATE TABLE resident(
  person BIGINT NOT NULL PRIMARY KEY,  -- 宛名番号: ours, never sent
  code TEXT NOT NULL,                  -- 住民票コード
  version BIGINT NOT NULL,
  present BOOLEAN NOT NULL,            -- false after 消除
  name_key BYTEA NOT NULL,
  kana_key BYTEA NOT NULL,
  birth TEXT NOT NULL,
  household TEXT NOT NULL,
  record_hash BYTEA NOT NULL           -- of the whole record: tells an import what it has already
);
CREATE UNIQUE INDEX resident_code ON resident(code);
CREATE INDEX resident_name ON resident(name_key);
CREATE INDEX resident_kana ON resident(kana_key);
CREATE INDEX resident_birth ON resident(birth);
CREATE INDEX resident_household ON resident(household);

-- Every state that a record has had. Rows are added and never changed (0002).
CREATE TABLE record_version(
  person BIGINT NOT NULL, version BIGINT NOT NULL,
  code TEXT NOT NULL, name TEXT NOT NULL, kana TEXT NOT NULL, birth TEXT NOT NULL, sex BIGINT NOT NULL, address TEXT NOT NULL,
  common_name TEXT NOT NULL, nationality TEXT NOT NULL, municipality TEXT NOT NULL, household TEXT NOT NULL,
  relation TEXT NOT NULL, became_resident TEXT NOT NULL, number TEXT NOT NULL,
  reason TEXT NOT NULL,                -- 異動事由, of the change that led to this state
  arose TEXT NOT NULL,                 -- the day on which the reason arose
  old_code TEXT NOT NULL,
  basis TEXT NOT NULL,                 -- the legal ground
  place TEXT NOT NULL,                 -- 従前の住所, 転出先
  kills BIGINT NOT NULL,               -- 1 signature certificate, 2 authentication certificate, 4 card
  entered_at BIGINT NOT NULL, entered_by TEXT NOT NULL,
  trace TEXT NOT NULL,
  before_hash BYTEA NOT NULL,          -- empty where a chain begins
  hash BYTEA NOT NULL,
  PRIMARY KEY(person, version)
);
CREATE INDEX record_version_entered ON record_version(entered_at);

-- Codes that people had before a change of code. Nobody gets them again.
CREATE TABLE former_code(
  code TEXT NOT NULL PRIMARY KEY,
  person BIGINT NOT NULL
);

-- Record codes that the national center allotted to us (法30条の7). A code that was given to somebody stays, so that it is
-- never given twice.
CREATE TABLE code_pool(
  code TEXT NOT NULL PRIMARY KEY,
  request TEXT NOT NULL,
  allotted_at BIGINT NOT NULL,
  given_at BIGINT NOT NULL             -- 0: free
);
CREATE INDEX code_pool_free ON code_pool(code) WHERE given_at = 0;

CREATE TABLE code_request(
  request TEXT NOT NULL PRIMARY KEY,
  codes BIGINT NOT NULL,
  asked_at BIGINT NOT NULL,
  answered_at BIGINT NOT NULL          -- 0: open
);

-- Moves away that are planned for a day to come (転出予定).
CREATE TABLE planned_move_out(
  person BIGINT NOT NULL PRIMARY KEY,
  day TEXT NOT NULL,
  place TEXT NOT NULL,
  abroad BOOLEAN NOT NULL, continued BOOLEAN NOT NULL,
  basis TEXT NOT NULL,
  filed_at BIGINT NOT NULL, filed_by TEXT NOT NULL,
  trace TEXT NOT NULL
);

-- Applications for certificates (電子証明書の発行申請) and what became of them.
CREATE TABLE application(
  request TEXT NOT NULL PRIMARY KEY,
  person BIGINT NOT NULL,
  code TEXT NOT NULL,
  version BIGINT NOT NULL,             -- the state that is to be certified
  profile TEXT NOT NULL,
  public_key BYTEA NOT NULL,           -- SubjectPublicKeyInfo
  made_here BOOLEAN NOT NULL,          -- the key was made at the counter
  applied_at BIGINT NOT NULL, applied_by TEXT NOT NULL,
  trace TEXT NOT NULL,
  state TEXT NOT NULL,                 -- requested, issued, refused
  serial BYTEA NOT NULL, certificate BYTEA NOT NULL,
  not_after BIGINT NOT NULL,
  why TEXT NOT NULL, reason_ja TEXT NOT NULL, reason_en TEXT NOT NULL,
  decided_at BIGINT NOT NULL,
  revoke_reason TEXT NOT NULL,         -- what the holder asked for; empty: nothing
  revoke_at BIGINT NOT NULL
);
CREATE INDEX application_person ON application(person, applied_at);

-- Runs of the import of residents.
CREATE TABLE import_run(
  id BIGINT NOT NULL PRIMARY KEY,
  started_at BIGINT NOT NULL, by_person TEXT NOT NULL,
  lines BIGINT NOT NULL, added BIGINT NOT NULL, same BIGINT NOT NULL, rejected BIGINT NOT NULL
);
