-- Documents (証明書) that somebody asked for at the counter, and what became of each: from the application to the issuing server on until it is
-- handed over or proven to be nowhere.
CREATE TABLE document_request(
  request TEXT NOT NULL PRIMARY KEY,
  person BIGINT NOT NULL,              -- of whom
  code TEXT NOT NULL,                  -- 住民票コード at the time of the application
  kind TEXT NOT NULL,                  -- the form
  items TEXT NOT NULL,                 -- relation, domicile, number, code, with a comma between
  asked_as TEXT NOT NULL,              -- self, household
  requester TEXT NOT NULL,             -- what the requester was recognised by
  at BIGINT NOT NULL, by_whom TEXT NOT NULL, trace TEXT NOT NULL,
  state TEXT NOT NULL,                 -- applied, refused, held, stopped, delivered, voided
  reasons TEXT NOT NULL,               -- of refused; the findings of stopped; with a comma between
  number TEXT NOT NULL,                -- 文書番号; empty: none has come
  issued_at BIGINT NOT NULL, nonce BYTEA NOT NULL, verify TEXT NOT NULL, content BYTEA NOT NULL,
  file BYTEA NOT NULL,                 -- SHA-256 of the file
  bytes BYTEA NOT NULL,                -- the file; empty after it was handed over
  ended_at BIGINT NOT NULL, ended_by TEXT NOT NULL, sheets BIGINT NOT NULL, proof TEXT NOT NULL,
  prints BIGINT NOT NULL,              -- how many jobs a printer was given
  print_state TEXT NOT NULL,           -- of the last: asked, failed, or as the printer says; empty: there was none
  print_sheets BIGINT NOT NULL, print_ja TEXT NOT NULL, print_en TEXT NOT NULL, print_at BIGINT NOT NULL
);
CREATE INDEX document_request_person ON document_request(person, at);
CREATE INDEX document_request_open ON document_request(at) WHERE state IN ('applied', 'held');
-- What went wrong on the way of a document (件): an attempt of which nobody knows, or knew, what came out. It is closed by proof of what became of the
-- paper of that attempt, also when the next one came out well.
CREATE TABLE document_case(
  job TEXT NOT NULL PRIMARY KEY,       -- the request, and which attempt to print it
  request TEXT NOT NULL,
  cause TEXT NOT NULL,                 -- print, stopped, again
  opened_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,           -- 0: open
  closed_by TEXT NOT NULL,
  proof TEXT NOT NULL
);
CREATE INDEX document_case_open ON document_case(opened_at) WHERE closed_at = 0;
CREATE INDEX document_case_request ON document_case(request);
