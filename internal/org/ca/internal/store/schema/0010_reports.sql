-- What a prefecture is told and the statistics of issuance are counted from this index alone, without the rows and their
-- certificates. It takes the place of certificate_place, whose columns it begins with.
DROP INDEX certificate_place;
CREATE INDEX certificate_figures ON certificate(municipality, profile, state, issued_at, revoked_at, not_after, reason);

-- How often an application was refused, by day in Japan: nothing else of it stays here.
CREATE TABLE refusal(
	municipality TEXT NOT NULL, -- of the counter that asked
	profile TEXT NOT NULL,
	why TEXT NOT NULL,
	day TEXT NOT NULL,
	n BIGINT NOT NULL,
	PRIMARY KEY(municipality, profile, why, day));

-- The close of days has begun when there is a row: the next is on the due list, or was set aside there.
CREATE TABLE report_close(
	id BIGINT NOT NULL PRIMARY KEY, -- 1
	since TEXT NOT NULL); -- the first day that is closed
-- Who has asked for a report, and was not answered yet.
CREATE TABLE report_asked(
	prefecture TEXT NOT NULL PRIMARY KEY, -- the organisation
	asked_by TEXT NOT NULL,
	at BIGINT NOT NULL);
-- When each was last told because it had asked.
CREATE TABLE report_told(
	prefecture TEXT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL);
