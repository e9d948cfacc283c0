-- What the CA has issued. Times are microseconds UTC, 0 for "has not happened".
CREATE TABLE certificate(
	serial BYTEA NOT NULL PRIMARY KEY,
	profile TEXT NOT NULL,
	issuer TEXT NOT NULL, -- hex of the CA's key identifier
	holder TEXT NOT NULL, -- 住民票コード
	version BIGINT NOT NULL, -- of the record that it certifies
	municipality TEXT NOT NULL, -- the partition of the CRL
	requester TEXT NOT NULL,
	request TEXT NOT NULL,
	key_hash BYTEA NOT NULL, -- SHA-256 of the SubjectPublicKeyInfo
	not_before BIGINT NOT NULL,
	not_after BIGINT NOT NULL,
	state TEXT NOT NULL, -- intended, valid, revoked, expired (noticed when the next one was asked for)
	intended_at BIGINT NOT NULL,
	issued_at BIGINT NOT NULL,
	certificate BYTEA NOT NULL, -- DER, empty until it is issued
	revoked_at BIGINT NOT NULL,
	reason TEXT NOT NULL,
	since TEXT NOT NULL,
	why TEXT NOT NULL,
	revoked_by TEXT NOT NULL);
-- One valid certificate of a profile for a person: what the rule checks first, the database holds in any case.
CREATE UNIQUE INDEX certificate_one ON certificate(holder, profile) WHERE state IN ('intended', 'valid');
CREATE UNIQUE INDEX certificate_key ON certificate(key_hash);
CREATE UNIQUE INDEX certificate_request ON certificate(requester, request);
CREATE INDEX certificate_place ON certificate(municipality, profile, state, issued_at);
CREATE INDEX certificate_listed ON certificate(issuer, municipality, serial) WHERE state = 'revoked';

-- To-be-signed bytes, written down before anything is signed. A row goes when what was signed is stored.
CREATE TABLE intent(
	id BIGINT NOT NULL PRIMARY KEY,
	kind TEXT NOT NULL, -- certificate, responder, crl
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL, -- the serial, or the CRL's partition
	at BIGINT NOT NULL,
	tbs BYTEA NOT NULL,
	request BYTEA NOT NULL, -- the message that asked for it
	requester TEXT NOT NULL,
	number BIGINT NOT NULL, -- of a CRL
	trace TEXT NOT NULL);

-- Notices that named a holder and a version: an application for an older version that comes later is refused.
CREATE TABLE stale(
	holder TEXT NOT NULL,
	profile TEXT NOT NULL,
	version BIGINT NOT NULL,
	PRIMARY KEY(holder, profile));

-- The parts of the CRLs. Their names are kept as they stand in the certificates, whatever becomes of the municipality.
CREATE TABLE crl(
	issuer TEXT NOT NULL,
	municipality TEXT NOT NULL,
	profile TEXT NOT NULL,
	prefecture_name TEXT NOT NULL,
	municipality_name TEXT NOT NULL,
	number BIGINT NOT NULL, -- the last that was given out
	changed BOOLEAN NOT NULL, -- a list for a new revocation is on the due list
	issued BIGINT NOT NULL, -- number of the list below
	this_update BIGINT NOT NULL,
	next_update BIGINT NOT NULL,
	entries BIGINT NOT NULL,
	der BYTEA NOT NULL,
	PRIMARY KEY(issuer, municipality));

CREATE TABLE responder(
	serial BYTEA NOT NULL PRIMARY KEY,
	issuer TEXT NOT NULL,
	key_hash BYTEA NOT NULL,
	not_before BIGINT NOT NULL,
	not_after BIGINT NOT NULL,
	certificate BYTEA NOT NULL); -- empty until it is issued
CREATE INDEX responder_key ON responder(issuer, key_hash);
