-- What this office filed with its prefecture, and what became of it. Times are microseconds UTC; the year 1 is "none".
CREATE TABLE filing(
	number BIGINT NOT NULL PRIMARY KEY,
	act TEXT NOT NULL, -- file, end
	office TEXT NOT NULL,
	procedures TEXT NOT NULL,
	address TEXT NOT NULL,
	filed_by TEXT NOT NULL,
	filed_at BIGINT NOT NULL,
	state TEXT NOT NULL, -- waiting, accepted, refused, ended; of an end: sent
	reason TEXT NOT NULL,
	decided_by TEXT NOT NULL,
	second TEXT NOT NULL,
	decided_at BIGINT NOT NULL);

-- Of which certificates the validation authority said "good" to us when they should have been revoked.
CREATE TABLE impact(
	notice TEXT NOT NULL PRIMARY KEY,
	issuer TEXT NOT NULL,
	serial BYTEA NOT NULL,
	profile TEXT NOT NULL,
	reason TEXT NOT NULL,
	since TEXT NOT NULL, -- a day; empty when it is not known
	wrong_from BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL,
	told_at BIGINT NOT NULL,
	answers BIGINT NOT NULL, -- how many; the first of them are below
	taken_at BIGINT NOT NULL,
	acknowledged_at BIGINT NOT NULL,
	acknowledged_by TEXT NOT NULL,
	text TEXT NOT NULL); -- what was done
CREATE INDEX impact_at ON impact(taken_at, notice);
CREATE TABLE impact_answer(
	notice TEXT NOT NULL,
	n BIGINT NOT NULL,
	asked_at BIGINT NOT NULL,
	based_at BIGINT NOT NULL,
	PRIMARY KEY(notice, n));
