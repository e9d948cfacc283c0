-- How often a peer has said hello, to whichever of our nodes. A node that sees this count grow while it runs knows that the peer has compared what it holds with
-- these very rows.
ALTER TABLE x_peer ADD COLUMN in_hellos BIGINT NOT NULL DEFAULT 0;
