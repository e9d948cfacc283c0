-- Persons at whom nobody should look out of curiosity: of whom (operator), or of everybody ('').
CREATE TABLE look_attention(
  subject TEXT NOT NULL, category TEXT NOT NULL, operator TEXT NOT NULL,
  kept_by TEXT NOT NULL, kept_at BIGINT NOT NULL,
  PRIMARY KEY(subject, category, operator)
);
-- Who has said again, before the record opened, that it is needed; good for the visit in which it was said.
CREATE TABLE look_confirmed(
  operator TEXT NOT NULL, subject TEXT NOT NULL, case_ref TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY(operator, subject)
);
-- What the watch found, of one operator on one day. It is open while n is more than what somebody has reviewed.
CREATE TABLE look_finding(
  code TEXT NOT NULL, operator TEXT NOT NULL, day TEXT NOT NULL,
  n BIGINT NOT NULL, since BIGINT NOT NULL,
  reviewed_n BIGINT NOT NULL,
  PRIMARY KEY(code, operator, day)
);
CREATE INDEX look_finding_open ON look_finding(code, operator) WHERE n > reviewed_n;
-- Why a finding was closed, and by whom.
CREATE TABLE look_review(
  code TEXT NOT NULL, operator TEXT NOT NULL, day TEXT NOT NULL,
  at BIGINT NOT NULL, n BIGINT NOT NULL, by_whom TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY(code, operator, day, n)
);
-- Up to where the watch has looked: one row.
CREATE TABLE look_mark(one BIGINT PRIMARY KEY CHECK (one = 1), at BIGINT NOT NULL);
-- There must be none but those whose purpose needs no case.
CREATE INDEX look_no_case ON look(at) WHERE case_ref = '';
