-- What the CA told to which the prefecture delegated certification (委任), each report as it came: how it stood on any day that has
-- passed. Times are microseconds UTC.
CREATE TABLE ca_report(
	ca TEXT NOT NULL, -- "ca"
	until_at BIGINT NOT NULL, -- the figures are those of this moment
	at BIGINT NOT NULL, -- when the rest was read
	asked BOOLEAN NOT NULL, -- we had asked for it; else it is the close of a day
	received_at BIGINT NOT NULL,
	differs BIGINT NOT NULL, -- figures that the report before rules out
	body BYTEA NOT NULL, -- the message
	PRIMARY KEY(ca, until_at, at));

CREATE TABLE delegation(
	ca TEXT NOT NULL PRIMARY KEY,
	since TEXT NOT NULL, -- the first day of which a report is expected
	asked_by TEXT NOT NULL, -- who last asked for one
	asked_at BIGINT NOT NULL); -- 0: nobody
