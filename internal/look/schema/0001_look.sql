-- One row for each person that an answer showed, in the transaction that answered. at is in microseconds UTC; seq tells
-- rows of one moment apart and in order. Rows go when they have been kept for as long as they must be.
CREATE TABLE look(
  at BIGINT NOT NULL, seq BIGINT NOT NULL,
  office TEXT NOT NULL, operator TEXT NOT NULL CHECK (operator <> ''),
  subject TEXT NOT NULL CHECK (subject <> ''),  -- record code, or serial of a certificate
  purpose TEXT NOT NULL CHECK (purpose <> ''), case_ref TEXT NOT NULL,
  items BIGINT NOT NULL CHECK (items <> 0),     -- bits
  how TEXT NOT NULL,
  PRIMARY KEY(at, seq)
);
CREATE INDEX look_subject ON look(subject, at, seq);
CREATE INDEX look_operator ON look(operator, at, seq);
