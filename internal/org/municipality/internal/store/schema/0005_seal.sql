-- Registered seals (印鑑登録). A person has at most one that is asked for or registered; those that have ended stay.
CREATE TABLE seal(
  id BIGINT NOT NULL PRIMARY KEY,
  person BIGINT NOT NULL,
  state TEXT NOT NULL,                 -- inquired, registered, ended
  text TEXT NOT NULL,                  -- what is cut into it, as the clerk reads it
  imprint BYTEA NOT NULL,              -- PNG
  way TEXT NOT NULL,                   -- how it was made sure that it is the person's own will
  guarantor BIGINT NOT NULL,           -- 0: none
  card BIGINT NOT NULL,                -- number of the registration card (印鑑登録証); 0 before
  applied_at BIGINT NOT NULL, applied_by TEXT NOT NULL,
  answer_until TEXT NOT NULL,          -- of an inquiry by letter; empty: none
  registered_at BIGINT NOT NULL, registered_by TEXT NOT NULL,
  ended_at BIGINT NOT NULL, ended_by TEXT NOT NULL,
  ground TEXT NOT NULL,                -- why it has ended
  trace TEXT NOT NULL
);
CREATE INDEX seal_person ON seal(person, id);
CREATE UNIQUE INDEX seal_one ON seal(person) WHERE state <> 'ended';
CREATE UNIQUE INDEX seal_card ON seal(card) WHERE card <> 0;
