-- For the conformance kit alone: rows of which some are bad.
CREATE TABLE rig_row(
	k TEXT NOT NULL PRIMARY KEY,
	v BYTEA NOT NULL,
	how TEXT NOT NULL);
