-- How many rows of a partition could not be read, or no longer say what its published list says, when its last list was
-- made.
ALTER TABLE crl ADD COLUMN damaged BIGINT NOT NULL DEFAULT 0;
