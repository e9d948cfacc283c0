-- What persons asked for about themselves: to be told (disclosure), or to have something corrected (correction).
CREATE TABLE disclosure(
  id TEXT PRIMARY KEY, kind TEXT NOT NULL,
  person BIGINT NOT NULL, codes TEXT NOT NULL,       -- the record codes that the person has had, with blanks between
  wish TEXT NOT NULL,                                -- of a correction, in the person's words
  case_ref TEXT NOT NULL,
  accepted_at BIGINT NOT NULL, accepted_by TEXT NOT NULL,
  last_day TEXT NOT NULL, extended TEXT NOT NULL,    -- why the last day is later than the law's; '' when it is not
  answered_at BIGINT NOT NULL, answered_by TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE INDEX disclosure_open ON disclosure(last_day) WHERE answered_at = 0;
-- What other offices answered: one row for each that holds the person.
CREATE TABLE disclosure_part(
  request TEXT NOT NULL, office TEXT NOT NULL,
  got_at BIGINT NOT NULL, answer BYTEA NOT NULL,     -- 0 and empty until it came
  PRIMARY KEY(request, office)
);
