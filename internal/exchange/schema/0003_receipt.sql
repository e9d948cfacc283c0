-- Receipts: "out" those that a peer signed for our messages, "in" those that we signed for a peer's.
CREATE TABLE x_receipt(
  dir TEXT NOT NULL, peer TEXT NOT NULL, number BIGINT NOT NULL,
  signed_at BIGINT NOT NULL,
  decisions BIGINT NOT NULL,        -- finds the receipt of a message by the count at which it was decided
  head BYTEA NOT NULL, signature BYTEA NOT NULL, certificate BYTEA NOT NULL, -- x_certificate
  lines BYTEA NOT NULL,
  PRIMARY KEY(dir, peer, number)
);
CREATE INDEX x_receipt_decisions ON x_receipt(dir, peer, decisions, number);

CREATE TABLE x_certificate(fingerprint BYTEA NOT NULL PRIMARY KEY, der BYTEA NOT NULL);

ALTER TABLE x_peer ADD COLUMN out_receipts BIGINT NOT NULL DEFAULT 0;      -- we hold all of the peer's receipts up to this number
ALTER TABLE x_peer ADD COLUMN out_wrong BIGINT NOT NULL DEFAULT 0;         -- receipts of the peer that were not taken
ALTER TABLE x_peer ADD COLUMN in_receipts_told BIGINT NOT NULL DEFAULT 0;  -- the peer says that it holds all of ours up to this number
ALTER TABLE x_peer ADD COLUMN in_receipts BIGINT NOT NULL DEFAULT 0;       -- we keep all of our own up to this number
