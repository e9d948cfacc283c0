-- Revocations of many certificates at a time. The set is frozen by the dry run, and what two officers have agreed on is exactly it.
CREATE TABLE mass(
	id BIGINT NOT NULL PRIMARY KEY,
	state TEXT NOT NULL, -- counting, frozen, running, paused, done, dropped
	municipality TEXT NOT NULL, -- the criterion: what is empty or 0 does not choose
	profile TEXT NOT NULL,
	issuer TEXT NOT NULL,
	issued_from BIGINT NOT NULL,
	issued_until BIGINT NOT NULL,
	listed BIGINT NOT NULL, -- serials that were named one by one
	ground TEXT NOT NULL,
	why TEXT NOT NULL,
	proposed_by TEXT NOT NULL,
	proposed_at BIGINT NOT NULL,
	place BYTEA NOT NULL, -- how far the count has come
	hash BYTEA NOT NULL, -- the state of the digest there
	digest TEXT NOT NULL, -- SHA-256 of the serials in hexadecimal, a line for each; empty until it is frozen
	size BIGINT NOT NULL,
	holders BIGINT NOT NULL,
	left_out BIGINT NOT NULL, -- serials that were named and are not in the set
	confirmed_by TEXT NOT NULL,
	confirmed_at BIGINT NOT NULL,
	stopped_by TEXT NOT NULL, -- who paused or dropped it
	revoked BIGINT NOT NULL,
	ended_before BIGINT NOT NULL, -- ended by something else after the set was frozen
	failed BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	trace TEXT NOT NULL);

CREATE TABLE mass_item(
	mass BIGINT NOT NULL,
	serial BYTEA NOT NULL,
	municipality TEXT NOT NULL,
	profile TEXT NOT NULL,
	outcome TEXT NOT NULL, -- listed: not looked at yet; unknown, over: not in the set; empty: in it; then revoked, before, failed
	reason_ja TEXT NOT NULL,
	reason_en TEXT NOT NULL,
	PRIMARY KEY(mass, serial));
CREATE INDEX mass_item_left ON mass_item(mass, serial) WHERE outcome = '';
CREATE INDEX mass_item_aside ON mass_item(mass, serial) WHERE outcome IN ('unknown', 'over', 'failed');
