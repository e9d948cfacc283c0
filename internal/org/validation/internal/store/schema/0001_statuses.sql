-- The state of every certificate, as the CA told it. Times are microseconds UTC, 0 for "not known".
CREATE TABLE status(
	issuer TEXT NOT NULL, -- hex of the CA's key identifier
	serial BYTEA NOT NULL,
	profile TEXT NOT NULL,
	municipality TEXT NOT NULL,
	state TEXT NOT NULL, -- good, revoked; revoked never becomes good
	issued_at BIGINT NOT NULL,
	not_after BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL,
	reason TEXT NOT NULL,
	why TEXT NOT NULL,
	told_at BIGINT NOT NULL, -- when the row took its present state
	PRIMARY KEY(issuer, serial));
CREATE INDEX status_kind ON status(profile, state, not_after);

-- The published list of each partition, the last one only.
CREATE TABLE crl(
	issuer TEXT NOT NULL,
	municipality TEXT NOT NULL,
	profile TEXT NOT NULL,
	number BIGINT NOT NULL,
	this_update BIGINT NOT NULL,
	next_update BIGINT NOT NULL,
	entries BIGINT NOT NULL,
	published_at BIGINT NOT NULL,
	der BYTEA NOT NULL,
	PRIMARY KEY(issuer, municipality));

-- The keys that sign OCSP answers. The keys themselves are files.
CREATE TABLE responder(
	issuer TEXT NOT NULL,
	name TEXT NOT NULL, -- of the key's file
	public_key BYTEA NOT NULL,
	asked_at BIGINT NOT NULL,
	not_before BIGINT NOT NULL,
	not_after BIGINT NOT NULL,
	certificate BYTEA NOT NULL, -- empty until the CA has certified the key
	PRIMARY KEY(issuer, name));

-- What was asked, and what was answered.
CREATE TABLE answer(
	id BIGINT NOT NULL PRIMARY KEY,
	asked_at BIGINT NOT NULL,
	issuer TEXT NOT NULL,
	serial BYTEA NOT NULL,
	answer TEXT NOT NULL, -- good, revoked, unknown
	fresh BOOLEAN NOT NULL, -- signed for this question, and not before
	requester TEXT NOT NULL);
CREATE INDEX answer_of ON answer(serial, asked_at);
CREATE INDEX answer_at ON answer(asked_at, id);
