-- Where each way of the inspection stands. Times are microseconds UTC, 0 for "has not happened".
CREATE TABLE i_way(
	way TEXT NOT NULL PRIMARY KEY,
	place TEXT NOT NULL,       -- after which item it goes on; empty: from the start
	began BIGINT NOT NULL,     -- this round
	looked BIGINT NOT NULL,    -- items in this round so far
	ended BIGINT NOT NULL,     -- the last whole round: when it ended, how long it took, how many items it had
	took BIGINT NOT NULL,
	items BIGINT NOT NULL,
	rounds BIGINT NOT NULL,    -- whole rounds, ever
	untold BIGINT NOT NULL);   -- faults that were not written down, because too many stand open

-- What was found. A row is closed when the item is found right (closed_by is empty), or by a person.
CREATE TABLE i_finding(
	way TEXT NOT NULL,
	item TEXT NOT NULL,
	rule TEXT NOT NULL,
	at BIGINT NOT NULL,
	print BYTEA NOT NULL,      -- of the item as it was judged
	ja TEXT NOT NULL,
	en TEXT NOT NULL,
	closed_at BIGINT NOT NULL DEFAULT 0,
	closed_by TEXT NOT NULL DEFAULT '',
	closed_text TEXT NOT NULL DEFAULT '',
	PRIMARY KEY(way, item, rule, at));
CREATE INDEX i_finding_open ON i_finding(way, item) WHERE closed_at = 0;
CREATE INDEX i_finding_word ON i_finding(way) WHERE closed_by <> '';
CREATE INDEX i_finding_closed ON i_finding(closed_at);
