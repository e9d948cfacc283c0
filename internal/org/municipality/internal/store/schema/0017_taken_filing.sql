-- What was filed at the counter and waits for another person's check of who has filed it. Nothing is registered of it yet. What was typed is
-- kept as it was typed, until it is done or a day has passed.
CREATE TABLE taken_filing(
  case_ref TEXT NOT NULL PRIMARY KEY,  -- its trace from the taking on
  kind TEXT NOT NULL,                  -- which form: seal, seal-answer, change, …
  subject TEXT NOT NULL,               -- what of its form: the act of a change; may be empty
  person BIGINT NOT NULL,              -- 0: somebody who is not in the register yet
  code TEXT NOT NULL,                  -- of the person, for the audit log; empty: none yet
  version BIGINT NOT NULL,             -- of the record, when the first person checked; 0: none
  typed TEXT NOT NULL,                 -- JSON of the fields; empty: forgotten
  picture BYTEA NOT NULL,              -- of a form that has one
  taken_at BIGINT NOT NULL, taken_by TEXT NOT NULL
);
CREATE INDEX taken_filing_person ON taken_filing(person, taken_at);
