-- A renewal is intended while the certificate that it replaces is still valid: one of each for a person, and never two that are
-- valid.
DROP INDEX certificate_one;
CREATE UNIQUE INDEX certificate_one ON certificate(holder, profile) WHERE state = 'valid';
CREATE UNIQUE INDEX certificate_next ON certificate(holder, profile) WHERE state = 'intended';
-- Who has a certificate is asked for each application and each notice.
CREATE INDEX certificate_living ON certificate(holder, profile) WHERE state IN ('intended', 'valid');
-- The serial that it takes the place of, empty for none, and when that one would have ended.
ALTER TABLE certificate ADD COLUMN replaces BYTEA NOT NULL DEFAULT '';
ALTER TABLE certificate ADD COLUMN replaces_until BIGINT NOT NULL DEFAULT 0;
