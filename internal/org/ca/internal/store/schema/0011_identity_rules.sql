-- How many of a municipality's staff check who an applicant is, as the municipality has told.
CREATE TABLE identity_rule(
	municipality TEXT NOT NULL, -- the organisation
	version BIGINT NOT NULL,
	persons BIGINT NOT NULL,
	from_day TEXT NOT NULL,     -- from which it holds here
	told_from TEXT NOT NULL,    -- from which it was told to hold
	proposed_by BYTEA NOT NULL, confirmed_by BYTEA NOT NULL, -- pseudonyms
	told_at BIGINT NOT NULL,
	PRIMARY KEY(municipality, version));
