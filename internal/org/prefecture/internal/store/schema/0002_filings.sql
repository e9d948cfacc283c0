-- What signature verifiers filed (署名検証者の届出), one row for each filing, and what became of it. Times are microseconds UTC;
-- the year 1 is "none".
CREATE TABLE filing(
	verifier TEXT NOT NULL, -- "verifier-etax"
	number BIGINT NOT NULL, -- of the verifier's filings
	office TEXT NOT NULL,
	procedures TEXT NOT NULL,
	address TEXT NOT NULL,
	filed_by TEXT NOT NULL,
	filed_at BIGINT NOT NULL,
	state TEXT NOT NULL, -- waiting, accepted, refused, ended, replaced (by a later one that was accepted)
	act TEXT NOT NULL, -- accept, refuse, end: proposed and not confirmed; else empty
	why TEXT NOT NULL,
	proposed_by TEXT NOT NULL,
	proposed_at BIGINT NOT NULL,
	decided_by TEXT NOT NULL,
	second TEXT NOT NULL,
	decided_at BIGINT NOT NULL,
	PRIMARY KEY(verifier, number));
-- A verifier is served under one filing.
CREATE UNIQUE INDEX filing_accepted ON filing(verifier) WHERE state = 'accepted';
CREATE INDEX filing_at ON filing(filed_at, verifier, number);
