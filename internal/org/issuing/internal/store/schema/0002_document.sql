-- What a request asks for, and who asks (申請の内容).
ALTER TABLE request ADD COLUMN items TEXT NOT NULL DEFAULT '';      -- relation, domicile, number, code, with a comma between
ALTER TABLE request ADD COLUMN requester TEXT NOT NULL DEFAULT '';  -- what the requester was recognised by
ALTER TABLE request ADD COLUMN asked_as TEXT NOT NULL DEFAULT '';   -- self, household, other
-- Somebody who is not on the page and whose name is: the head of the household (世帯主).
ALTER TABLE request_person ADD COLUMN beside BOOLEAN NOT NULL DEFAULT FALSE;
-- The decision of two persons that this document may be given out though the person is protected (支援措置).
ALTER TABLE request_person ADD COLUMN release TEXT NOT NULL DEFAULT '';
-- The documents (証明書): what was to be signed, from the decision on, and what became of it.
CREATE TABLE document(
  number TEXT NOT NULL PRIMARY KEY,    -- 文書番号
  request TEXT NOT NULL UNIQUE,
  issued_at BIGINT NOT NULL,           -- as it stands on it
  nonce BYTEA NOT NULL,
  verify TEXT NOT NULL,                -- what the QR says
  binding TEXT NOT NULL,               -- 綴り番号, as it stands on each page
  pages BIGINT NOT NULL,
  content BYTEA NOT NULL,              -- SHA-256 of all but the signature
  file BYTEA NOT NULL,                 -- SHA-256 of the signed file; empty: not signed
  bytes BYTEA NOT NULL,                -- the signed file, as long as what became of it is not proven
  specimen BOOLEAN NOT NULL,
  ending TEXT NOT NULL,                -- delivered, stopped, voided; empty: nobody knows yet
  ended_at BIGINT NOT NULL,            -- 0: not ended
  ended_by TEXT NOT NULL,              -- the operator; empty: a gate
  findings TEXT NOT NULL,              -- of the gate that stopped it, with a comma between
  sheets BIGINT NOT NULL               -- that a printer put out
);
CREATE INDEX document_file ON document(file) WHERE file <> '';
CREATE INDEX document_open ON document(issued_at) WHERE ending = '';
-- The last number that was given on a day.
CREATE TABLE numbering(day TEXT NOT NULL PRIMARY KEY, last BIGINT NOT NULL);
-- When issuing was stopped, and resumed by two.
CREATE TABLE halt(
  id BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL, by_whom TEXT NOT NULL, reason TEXT NOT NULL,
  proposed_at BIGINT NOT NULL,         -- that it be resumed; 0: nobody has
  proposed_by TEXT NOT NULL, credential TEXT NOT NULL, cause TEXT NOT NULL,
  resumed_at BIGINT NOT NULL,          -- 0: it is stopped
  resumed_by TEXT NOT NULL
);
CREATE UNIQUE INDEX halt_open ON halt(resumed_at) WHERE resumed_at = 0;
