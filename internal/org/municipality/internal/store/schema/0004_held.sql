-- The certificate that stood in the way of an application, as the CA named it, and what the register says of that. held is its serial,
-- empty for none.
ALTER TABLE application ADD COLUMN held BYTEA NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN held_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN held_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE application ADD COLUMN finding TEXT NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN found_ja TEXT NOT NULL DEFAULT '';
ALTER TABLE application ADD COLUMN found_en TEXT NOT NULL DEFAULT '';
-- On which ground the holder asked to have a certificate ended; the reason beside it is what the CA was told.
ALTER TABLE application ADD COLUMN ground TEXT NOT NULL DEFAULT '';
