-- Persons who may act here. A person is never taken out: what they did stays under their name.
CREATE TABLE staff_person(
  id TEXT PRIMARY KEY,              -- as written to the audit log
  name_ja TEXT NOT NULL, name_en TEXT NOT NULL,
  handle BYTEA NOT NULL UNIQUE,     -- what the person's passkeys know them by
  persona BOOLEAN NOT NULL,         -- of the test country
  made_at BIGINT NOT NULL, made_by TEXT NOT NULL
);

-- Passkeys. ID and public key are unique over all that ever were: one is never somebody else's.
CREATE TABLE staff_credential(
  name TEXT PRIMARY KEY,            -- short, made of the ID
  id BYTEA NOT NULL UNIQUE, public_key BYTEA NOT NULL UNIQUE,
  person TEXT NOT NULL,
  label TEXT NOT NULL,              -- what the person calls the device
  counter BIGINT NOT NULL,
  state TEXT NOT NULL,              -- live, lost, revoked
  made_at BIGINT NOT NULL, used_at BIGINT NOT NULL, ended_at BIGINT NOT NULL  -- 0: not yet
);
CREATE INDEX staff_credential_person ON staff_credential(person, made_at);

-- Authority (操作者ID), apart from the person.
CREATE TABLE staff_authority(
  number BIGINT PRIMARY KEY,
  person TEXT NOT NULL, job TEXT NOT NULL, office TEXT NOT NULL,
  from_at BIGINT NOT NULL, until_at BIGINT NOT NULL,   -- 0: without an end
  state TEXT NOT NULL,              -- issued, transferred, revoked
  review_at BIGINT NOT NULL, reviewed_at BIGINT NOT NULL, reviewed_by TEXT NOT NULL,
  ended_at BIGINT NOT NULL
);
-- One at a time: nobody is a clerk and an operator at once.
CREATE UNIQUE INDEX staff_authority_issued ON staff_authority(person) WHERE state = 'issued';
CREATE INDEX staff_authority_review ON staff_authority(review_at) WHERE state = 'issued';

-- Invitations to register a passkey: of the secret only the hash is kept.
CREATE TABLE staff_invitation(
  hash BYTEA PRIMARY KEY,
  person TEXT NOT NULL, made_by TEXT NOT NULL,
  made_at BIGINT NOT NULL, ends_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL           -- 0: not yet; also set when a newer one takes its place
);
CREATE INDEX staff_invitation_person ON staff_invitation(person);

-- Who is signed in. A session holds while its passkey and its authority do.
CREATE TABLE staff_session(
  hash BYTEA PRIMARY KEY,
  person TEXT NOT NULL, credential TEXT NOT NULL, authority BIGINT NOT NULL,
  begun_at BIGINT NOT NULL, verified_at BIGINT NOT NULL, ends_at BIGINT NOT NULL
);
CREATE INDEX staff_session_ends ON staff_session(ends_at);

-- Challenges that were answered, until they would have run out: an answer counts once.
CREATE TABLE staff_answered(hash BYTEA PRIMARY KEY, until_at BIGINT NOT NULL);
CREATE INDEX staff_answered_until ON staff_answered(until_at);

-- What the passkeys of software are made of, of the personas of the test country.
CREATE TABLE staff_persona(person TEXT PRIMARY KEY, seed BYTEA NOT NULL);

-- Who did what to whom.
CREATE TABLE staff_history(
  at BIGINT NOT NULL, seq BIGINT NOT NULL,
  actor TEXT NOT NULL CHECK (actor <> ''), act TEXT NOT NULL CHECK (act <> ''),
  person TEXT NOT NULL, detail TEXT NOT NULL CHECK (length(detail) <= 1000),
  PRIMARY KEY(at, seq)
);
CREATE INDEX staff_history_person ON staff_history(person, at, seq);
