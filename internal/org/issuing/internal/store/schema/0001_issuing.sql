-- The copy (写し) of what documents are made of: one row for each person of whom the municipality has told. A deleted record keeps its row, without
-- any item of the person, so that an older state is known for old.
CREATE TABLE record(
  code TEXT NOT NULL PRIMARY KEY,      -- 住民票コード
  version BIGINT NOT NULL,             -- of the message
  built_on BIGINT NOT NULL,            -- up to which version messages that come late are settled
  deleted BOOLEAN NOT NULL,
  household TEXT NOT NULL,             -- empty: deleted
  body BYTEA NOT NULL,                 -- the issuing.record as it came
  hash BYTEA NOT NULL,                 -- of what it says
  told_at BIGINT NOT NULL,             -- when the municipality wrote it
  at BIGINT NOT NULL                   -- when it was applied
);
CREATE INDEX record_household ON record(household) WHERE household <> '';
-- What was replaced by a snapshot or taken out, of a case or of none.
CREATE TABLE struck(
  id BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  book TEXT NOT NULL,
  key TEXT NOT NULL,
  case_ref TEXT NOT NULL,
  kind TEXT NOT NULL,
  body BYTEA NOT NULL);

-- Requests for a document (申請). The register is asked about everybody on the page before anything is made; until it answers, the request waits.
CREATE TABLE request(
  request TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,                  -- which document
  subject TEXT NOT NULL,               -- 住民票コード of the person of whom it is asked for
  household TEXT NOT NULL,             -- whose whole the page shows; empty: the subject alone
  state TEXT NOT NULL,                 -- asked, ready, refused
  reasons TEXT NOT NULL,               -- of refused, with a comma between
  asked_at BIGINT NOT NULL, asked_by TEXT NOT NULL,
  answered_at BIGINT NOT NULL,         -- when it became ready or was refused; 0: it waits
  register_at BIGINT NOT NULL,         -- as of when the register answered; 0: it did not
  trace TEXT NOT NULL
);
CREATE INDEX request_asked ON request(asked_at);
CREATE INDEX request_open ON request(asked_at) WHERE state = 'asked';
-- Who is on the page, in its order, with the versions that the request was judged by.
CREATE TABLE request_person(
  request TEXT NOT NULL, seq BIGINT NOT NULL,
  code TEXT NOT NULL,
  version BIGINT NOT NULL,             -- of the copy; 0: it holds no such person
  hash BYTEA NOT NULL,
  protection BIGINT NOT NULL,          -- version of the flag, as the register answered; 0: none
  reasons TEXT NOT NULL,               -- why nothing is issued of this person
  PRIMARY KEY(request, seq)
);
