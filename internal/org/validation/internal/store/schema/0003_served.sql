-- The lists that were last seen from outside and were in order: what is fetched next may not go back behind them. They are kept apart
-- from those that were published, so that who damages one is found by the other.
CREATE TABLE served_list(
	issuer TEXT NOT NULL,
	municipality TEXT NOT NULL,
	first_seen BIGINT NOT NULL, -- when the partition was first seen: its name is that of its municipality then
	number BIGINT NOT NULL,
	der BYTEA NOT NULL,
	PRIMARY KEY(issuer, municipality));

-- What changed last is asked for from outside first.
CREATE INDEX status_told ON status(told_at, issuer, serial);
