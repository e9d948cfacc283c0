-- What was written down before it was signed: SHA-256 of the to-be-signed bytes. The row of intent goes when what was signed is
-- stored; this one stays, so that somebody can say years later that nothing else was signed.
CREATE TABLE intended(
	kind TEXT NOT NULL, -- certificate, responder, crl
	issuer TEXT NOT NULL,
	subject BYTEA NOT NULL, -- the octets of the serial; of a list the code of its municipality
	number BIGINT NOT NULL, -- of a list; of a certificate 0
	digest BYTEA NOT NULL,
	PRIMARY KEY(kind, issuer, subject, number));

-- Certificates that were intended before there was such a table have none, and lists up to their number.
CREATE TABLE intended_since(
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL, -- the code of the municipality; empty: certificates
	until BIGINT NOT NULL, -- the last moment, or number, of which nothing was written down
	PRIMARY KEY(issuer, subject));
INSERT INTO intended_since(issuer, subject, until) SELECT '', '', COALESCE(MAX(intended_at), 0) FROM certificate;
INSERT INTO intended_since(issuer, subject, until) SELECT issuer, municipality, number FROM crl;
