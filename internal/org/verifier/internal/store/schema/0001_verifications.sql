-- What was checked. There is no content here and no name. Times are microseconds UTC; the year 1 is "none".
CREATE TABLE verification(
	id BIGINT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL, -- the time for which the verdict holds
	way TEXT NOT NULL, -- page, api
	content_hash BYTEA NOT NULL, -- SHA-256; empty when the content was not found
	signature_hash BYTEA NOT NULL, -- SHA-256 of the file as it was sent
	serial BYTEA NOT NULL, -- empty when no CA of ours issued the certificate
	profile TEXT NOT NULL,
	verdict TEXT NOT NULL,
	reason_ja TEXT NOT NULL,
	reason_en TEXT NOT NULL,
	revoked_at BIGINT NOT NULL,
	revocation TEXT NOT NULL, -- reason of the revocation
	asked TEXT NOT NULL, -- address of the validation authority; empty when nothing was asked
	responder TEXT NOT NULL, -- who signed the answer
	this_update BIGINT NOT NULL,
	next_update BIGINT NOT NULL,
	answer BYTEA NOT NULL); -- the signed answer (DER), which proves the rest; empty when there was none to believe
CREATE INDEX verification_at ON verification(at, id);
CREATE INDEX verification_verdict ON verification(verdict, at, id);
CREATE INDEX verification_serial ON verification(serial, at, id);
CREATE INDEX verification_content ON verification(content_hash, at, id);
