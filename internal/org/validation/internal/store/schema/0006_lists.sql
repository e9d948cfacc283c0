-- Lists come in parts. A row is a list of which a part has come; its digest names it. Published ones stay as long as somebody may read
-- them or a delta list adds to them, others until a later one is there.
CREATE TABLE list_offer(
	issuer TEXT NOT NULL,
	municipality TEXT NOT NULL,
	digest BYTEA NOT NULL, -- SHA-256 of the whole list
	delta BOOLEAN NOT NULL,
	number BIGINT NOT NULL,
	base BIGINT NOT NULL, -- of a delta list: the number of the full list that it adds to
	parts BIGINT NOT NULL,
	have BIGINT NOT NULL,
	first_at BIGINT NOT NULL, -- when the first of its parts came, and the last until now
	last_at BIGINT NOT NULL,
	state TEXT NOT NULL, -- collecting, whole, published, refused
	reason_ja TEXT NOT NULL, -- why it was refused
	reason_en TEXT NOT NULL,
	older BOOLEAN NOT NULL, -- an older program sent it, which says nothing of delta lists
	sender TEXT NOT NULL,
	case_ref TEXT NOT NULL,
	PRIMARY KEY(issuer, municipality, digest));

CREATE TABLE list_part(
	issuer TEXT NOT NULL,
	municipality TEXT NOT NULL,
	digest BYTEA NOT NULL,
	part BIGINT NOT NULL, -- from 1
	body BYTEA NOT NULL,
	PRIMARY KEY(issuer, municipality, digest, part));

-- The published delta list of each partition, the last one only.
CREATE TABLE delta(
	issuer TEXT NOT NULL,
	municipality TEXT NOT NULL,
	profile TEXT NOT NULL,
	number BIGINT NOT NULL,
	base BIGINT NOT NULL,
	this_update BIGINT NOT NULL,
	next_update BIGINT NOT NULL,
	entries BIGINT NOT NULL,
	published_at BIGINT NOT NULL,
	digest BYTEA NOT NULL,
	PRIMARY KEY(issuer, municipality));

-- The bytes of a list that was published from now on are in list_part.
ALTER TABLE crl ADD COLUMN digest BYTEA NOT NULL DEFAULT '';

-- Delta lists that were last seen from outside, as served_list.
CREATE TABLE served_delta(
	issuer TEXT NOT NULL,
	municipality TEXT NOT NULL,
	number BIGINT NOT NULL,
	der BYTEA NOT NULL,
	PRIMARY KEY(issuer, municipality));

-- What is revoked in a municipality is what its lists are held against.
CREATE INDEX status_listed ON status(issuer, municipality, serial) WHERE state = 'revoked';
