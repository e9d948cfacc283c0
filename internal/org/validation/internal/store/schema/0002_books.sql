-- The book of states is read by serial: a certificate has one CA, and a second row for its serial is a finding.
CREATE INDEX status_serial ON status(serial, issuer);

-- Rows that the CA does not hold, or holds otherwise: mended or taken out, and kept as evidence of what stood here.
CREATE TABLE struck(
	id BIGINT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL,
	book TEXT NOT NULL,
	key TEXT NOT NULL,
	case_ref TEXT NOT NULL,
	kind TEXT NOT NULL,
	body BYTEA NOT NULL); -- the message that the row came from, as far as it can be told
