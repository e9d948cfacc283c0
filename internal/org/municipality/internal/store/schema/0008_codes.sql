-- What the national center was asked before a record code of another municipality's was attached to a registration (住民票コードを付ける
-- ことへの同意), and what it signed.
CREATE TABLE attach_agreement(
  request TEXT NOT NULL PRIMARY KEY,
  code TEXT NOT NULL,
  person_hash BYTEA NOT NULL,          -- of all that was asked about
  asked_at BIGINT NOT NULL, asked_by TEXT NOT NULL,
  state TEXT NOT NULL,                 -- asked, agreed, refused
  text BYTEA NOT NULL,                 -- the answer, as it was signed; empty while there is none
  signature BYTEA NOT NULL, certificate BYTEA NOT NULL,
  answered_at BIGINT NOT NULL,         -- 0: not yet
  person BIGINT NOT NULL,              -- whom it was used for; 0: nobody yet
  version BIGINT NOT NULL,             -- and the version that it led to
  used_at BIGINT NOT NULL
);
CREATE INDEX attach_agreement_open ON attach_agreement(person_hash) WHERE state = 'asked';
CREATE INDEX attach_agreement_person ON attach_agreement(person) WHERE person <> 0;
CREATE INDEX attach_agreement_asked ON attach_agreement(asked_at);
