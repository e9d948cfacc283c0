-- Work for a later moment. due_at is when it was meant to be done, at when it is tried next; both microseconds UTC.
CREATE TABLE due(
	id BIGINT NOT NULL PRIMARY KEY,
	kind TEXT NOT NULL,
	ref TEXT NOT NULL,
	payload BYTEA NOT NULL,
	due_at BIGINT NOT NULL,
	at BIGINT NOT NULL,
	state TEXT NOT NULL, -- waiting, parked
	tries BIGINT NOT NULL,
	reason_ja TEXT NOT NULL,
	reason_en TEXT NOT NULL);
CREATE INDEX due_next ON due(at, id) WHERE state = 'waiting';
CREATE INDEX due_ref ON due(kind, ref);
