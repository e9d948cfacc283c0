-- The newest delta list of each partition (差分リスト): what was revoked since its base, which is a full list.
CREATE TABLE delta(
	issuer TEXT NOT NULL,
	municipality TEXT NOT NULL,
	number BIGINT NOT NULL, -- full and delta lists of a partition share their numbers
	base BIGINT NOT NULL,
	this_update BIGINT NOT NULL,
	next_update BIGINT NOT NULL,
	entries BIGINT NOT NULL,
	digest BYTEA NOT NULL, -- SHA-256 of der
	der BYTEA NOT NULL,
	PRIMARY KEY(issuer, municipality));

-- A list travels in parts, each of which names the digest of the whole; empty for a list that was signed before there were parts.
ALTER TABLE crl ADD COLUMN digest BYTEA NOT NULL DEFAULT '';
-- When the last number was given out: the time of that list. Neither goes back.
ALTER TABLE crl ADD COLUMN taken_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE intent ADD COLUMN base BIGINT NOT NULL DEFAULT 0; -- of a delta list
ALTER TABLE intent ADD COLUMN list_at BIGINT NOT NULL DEFAULT 0; -- the time of a list; 0: that of the intent

-- What was revoked lately is what a delta list is made of.
CREATE INDEX certificate_ended ON certificate(issuer, municipality, revoked_at) WHERE state = 'revoked';
