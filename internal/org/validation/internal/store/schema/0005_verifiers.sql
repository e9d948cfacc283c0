-- Whom we answer as a signature verifier (署名検証者), as its prefecture told us. Times are microseconds UTC; the year 1 is "none".
CREATE TABLE verifier(
	id TEXT NOT NULL PRIMARY KEY, -- "verifier-etax"
	prefecture TEXT NOT NULL, -- with whom it filed
	filing BIGINT NOT NULL, -- the number of the filing that counts
	served BOOLEAN NOT NULL,
	office TEXT NOT NULL,
	procedures TEXT NOT NULL,
	address TEXT NOT NULL,
	since BIGINT NOT NULL, -- of the present state
	first_at BIGINT NOT NULL); -- when it was first served

-- When we had learnt of the state that was told; the year 1 in rows of before this column.
ALTER TABLE answer ADD COLUMN based_at BIGINT NOT NULL DEFAULT -62135596800000000;
CREATE INDEX answer_by ON answer(requester, asked_at, id);

-- A revocation that came after "good" had been told wrongly. The answers are copied, so that they stay when the others expire.
CREATE TABLE impact(
	id BIGINT NOT NULL PRIMARY KEY,
	issuer TEXT NOT NULL,
	serial BYTEA NOT NULL,
	profile TEXT NOT NULL,
	reason TEXT NOT NULL,
	since TEXT NOT NULL, -- a day; empty when it is not known
	wrong_from BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL,
	told_at BIGINT NOT NULL, -- when we learnt of it
	opened_at BIGINT NOT NULL);
CREATE UNIQUE INDEX impact_of ON impact(issuer, serial);
CREATE INDEX impact_told ON impact(told_at, id);
CREATE TABLE impact_answer(
	impact BIGINT NOT NULL,
	answer BIGINT NOT NULL, -- the row of the record
	requester TEXT NOT NULL,
	asked_at BIGINT NOT NULL,
	based_at BIGINT NOT NULL,
	notice TEXT NOT NULL, -- that names it; empty: nobody can be told, or not yet
	PRIMARY KEY(impact, answer));
CREATE INDEX impact_answer_untold ON impact_answer(impact, requester, asked_at) WHERE notice = '';
CREATE INDEX impact_answer_at ON impact_answer(asked_at, answer);
CREATE TABLE impact_notice(
	notice TEXT NOT NULL PRIMARY KEY,
	impact BIGINT NOT NULL,
	verifier TEXT NOT NULL,
	answers BIGINT NOT NULL,
	sent_at BIGINT NOT NULL,
	acknowledged_at BIGINT NOT NULL,
	acknowledged_by TEXT NOT NULL,
	text TEXT NOT NULL); -- what was done, as the verifier says
CREATE INDEX impact_notice_of ON impact_notice(impact, verifier);
