-- Each close (日締め) of a day of the counter's documents, and what the issuing server answered. A day is closed anew when something of it has changed; nothing
-- is overwritten.
CREATE TABLE document_day(
  day TEXT NOT NULL, version BIGINT NOT NULL,
  at BIGINT NOT NULL,
  by_whom TEXT NOT NULL,               -- the operator; empty: closed by itself
  requested BIGINT NOT NULL, refused BIGINT NOT NULL, waiting BIGINT NOT NULL, held BIGINT NOT NULL,
  delivered BIGINT NOT NULL,           -- those that were recalled afterwards among them
  stopped BIGINT NOT NULL, voided BIGINT NOT NULL,
  recalled BIGINT NOT NULL,
  sheets BIGINT NOT NULL,
  cases BIGINT NOT NULL,               -- that were open
  answered_at BIGINT NOT NULL,         -- 0: the server has not answered
  agrees BOOLEAN NOT NULL,             -- everything has ended, and the server says the same
  current BOOLEAN NOT NULL,            -- the last version
  PRIMARY KEY(day, version)
);
CREATE INDEX document_day_open ON document_day(day) WHERE current AND NOT agrees;
CREATE TABLE document_day_difference(
  day TEXT NOT NULL, version BIGINT NOT NULL, seq BIGINT NOT NULL,
  request TEXT NOT NULL,
  code TEXT NOT NULL,
  server TEXT NOT NULL,                -- the outcome by the server; empty: it knows nothing
  PRIMARY KEY(day, version, seq)
);
CREATE INDEX document_request_at ON document_request(at);
