-- Individual numbers (個人番号) that were asked of the national center, and the notices to people about them (個人番号通知書).
CREATE TABLE number_request(
  request TEXT NOT NULL PRIMARY KEY,
  person BIGINT NOT NULL,
  code TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  trace TEXT NOT NULL,
  answered_at BIGINT NOT NULL,         -- 0: open
  version BIGINT NOT NULL,             -- the version in which the number was entered; 0: none
  sent_at BIGINT NOT NULL,             -- when the notice went to the person; 0: not yet
  sent_by TEXT NOT NULL
);
CREATE INDEX number_request_person ON number_request(person, asked_at);
CREATE INDEX number_request_notice ON number_request(answered_at) WHERE version <> 0 AND sent_at = 0;
CREATE INDEX number_request_open ON number_request(asked_at) WHERE answered_at = 0;
