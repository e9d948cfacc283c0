-- One row that is written again every few seconds: whoever cannot write it could not take a revocation either.
CREATE TABLE pulse(
	id BIGINT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL);
