-- Errors that were found in records: reported on, asked of us, or both (記録の誤りの通知と調査). Times are microseconds UTC; the year 1 is "not yet".
CREATE TABLE error_report(
  report TEXT NOT NULL PRIMARY KEY, -- named by whoever found it
  from_org TEXT NOT NULL,           -- who told us; ourselves when our own staff found it
  to_org TEXT NOT NULL,             -- whom we told; '' : we are to find out
  code TEXT NOT NULL,
  version BIGINT NOT NULL,          -- of the record in which it was found
  attributes BIGINT NOT NULL,
  case_ref TEXT NOT NULL,           -- of our own staff's work
  text TEXT NOT NULL,
  found_by TEXT NOT NULL, found_at BIGINT NOT NULL,
  noted_at BIGINT NOT NULL,
  owner TEXT NOT NULL, owned_at BIGINT NOT NULL, -- who finds out; '' : nobody yet
  outcome TEXT NOT NULL,            -- corrected, right; '' : not answered
  answer_version BIGINT NOT NULL,
  answer TEXT NOT NULL,
  answered_by TEXT NOT NULL, answered_at BIGINT NOT NULL
);
CREATE INDEX error_report_open ON error_report(noted_at, report) WHERE outcome = '';
CREATE INDEX error_report_at ON error_report(noted_at, report);
