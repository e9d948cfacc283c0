-- What was found from outside. Times are microseconds UTC, 0 for "never"; a minute is counted from 1970.
CREATE TABLE probe_minute(
	target TEXT NOT NULL,      -- "ocsp/signature"
	minute BIGINT NOT NULL,
	outcome BIGINT NOT NULL,   -- 1 ok, 2 failed, 3 not measured; no row: not measured
	reason TEXT NOT NULL,
	ms BIGINT NOT NULL,        -- how long it took
	PRIMARY KEY(target, minute));

-- How each target stands.
CREATE TABLE probe_target(
	target TEXT NOT NULL PRIMARY KEY,
	in_row BIGINT NOT NULL,    -- failed probes since the last that did not
	since BIGINT NOT NULL,     -- the first of them
	last_at BIGINT NOT NULL,   -- the last probe that measured
	last_outcome BIGINT NOT NULL,
	last_reason TEXT NOT NULL);

-- The newest list of each municipality that was seen, and a certificate that stands on it; known_serial is empty when none does.
CREATE TABLE probe_list(
	target TEXT NOT NULL, municipality TEXT NOT NULL,
	number BIGINT NOT NULL, digest BYTEA NOT NULL, tag TEXT NOT NULL,
	this_update BIGINT NOT NULL, next_update BIGINT NOT NULL,
	known_serial BYTEA NOT NULL, known_at BIGINT NOT NULL, known_reason BIGINT NOT NULL,
	PRIMARY KEY(target, municipality));

-- What will stand still, entered before it does (計画停止).
CREATE TABLE probe_window(
	id BIGINT NOT NULL PRIMARY KEY,
	service TEXT NOT NULL,     -- empty: everything
	from_at BIGINT NOT NULL, until_at BIGINT NOT NULL,
	why TEXT NOT NULL,
	entered_by TEXT NOT NULL, entered_at BIGINT NOT NULL,
	withdrawn_by TEXT NOT NULL, withdrawn_at BIGINT NOT NULL);
CREATE INDEX probe_window_from ON probe_window(from_at);

-- The figures of a month that is over. They stay when its minutes go.
CREATE TABLE probe_month(
	target TEXT NOT NULL, month TEXT NOT NULL, -- "2026-11", in Japan
	minutes BIGINT NOT NULL, ok BIGINT NOT NULL, failed BIGINT NOT NULL,
	planned_ok BIGINT NOT NULL, planned_failed BIGINT NOT NULL,
	p50 BIGINT NOT NULL, p99 BIGINT NOT NULL,
	outages BIGINT NOT NULL, longest_from BIGINT NOT NULL, longest_until BIGINT NOT NULL,
	PRIMARY KEY(target, month));
