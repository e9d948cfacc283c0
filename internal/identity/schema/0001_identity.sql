-- Checks of who somebody is (本人確認), one row for each person of the staff who checked. Rows are added and never changed (0002).
CREATE TABLE identity_check(
  id BIGINT NOT NULL PRIMARY KEY,
  act TEXT NOT NULL,                -- what it was for: issue-certificate, keep-seal, …
  case_ref TEXT NOT NULL,           -- the application
  holder TEXT NOT NULL,             -- whose identity, as the office's register names them
  by_person TEXT NOT NULL,
  credential TEXT NOT NULL,         -- the passkey that was shown; empty: none was
  way TEXT NOT NULL,                -- photo, two, inquiry
  documents TEXT NOT NULL,          -- their kinds, with blanks between them; no numbers
  at BIGINT NOT NULL
);
CREATE INDEX identity_check_case ON identity_check(case_ref, id);
CREATE INDEX identity_check_at ON identity_check(at);

-- How many of the staff check, by version. One person proposes, another confirms.
CREATE TABLE identity_rule(
  version BIGINT NOT NULL PRIMARY KEY,
  act TEXT NOT NULL,
  persons BIGINT NOT NULL,
  from_day TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,              -- proposed, confirmed, dropped
  proposed_at BIGINT NOT NULL, proposed_by TEXT NOT NULL, credential TEXT NOT NULL,
  decided_at BIGINT NOT NULL, decided_by TEXT NOT NULL
);

-- Applications that wait for the check of another person.
CREATE TABLE identity_wait(
  case_ref TEXT NOT NULL PRIMARY KEY,
  act TEXT NOT NULL,
  holder TEXT NOT NULL,
  began_at BIGINT NOT NULL,
  until_at BIGINT NOT NULL,
  state TEXT NOT NULL,              -- waiting, checked, refused, lapsed
  closed_at BIGINT NOT NULL, closed_by TEXT NOT NULL,
  why TEXT NOT NULL,                -- of a refusal
  told_at BIGINT NOT NULL, told_by TEXT NOT NULL -- when the applicant of a lapsed one was told; 0: not yet
);
CREATE INDEX identity_wait_open ON identity_wait(began_at) WHERE state = 'waiting' OR state = 'lapsed' AND told_at = 0;
