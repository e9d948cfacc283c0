-- One row per organisation that we exchange with.
CREATE TABLE x_peer(
  peer TEXT NOT NULL PRIMARY KEY,
  out_epoch BIGINT NOT NULL,        -- the epoch that new messages are numbered in
  next_seq BIGINT NOT NULL,         -- goes on through the epochs, so that order needs no care when one ends
  out_sent BIGINT NOT NULL,         -- messages ever
  out_open BIGINT NOT NULL,         -- messages that have not ended
  out_open_bytes BIGINT NOT NULL,
  out_stuck BIGINT NOT NULL,        -- rows of x_out_hold: 0 lets Send skip the look
  peer_decisions BIGINT NOT NULL,   -- the most that the peer has said it holds about our messages
  in_decisions BIGINT NOT NULL,     -- what we hold about the peer's messages; only grows
  in_stuck BIGINT NOT NULL,         -- rows of x_in_hold
  in_refused BIGINT NOT NULL        -- messages of kinds that the peer may not send, and batches not taken at all
);

-- The outbox (送信箱). What a new message has not got has a default, so that putting it here binds less.
CREATE TABLE x_out(
  peer TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  kind TEXT NOT NULL,
  key1 TEXT NOT NULL,               -- first order key, for tracing
  trace TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  envelope BYTEA NOT NULL,          -- emptied when its retention is over
  hash BYTEA NOT NULL DEFAULT '',              -- of the envelope, written when that is emptied
  state TEXT NOT NULL,              -- ready, deferred, parked, held, applied, withdrawn
  tries BIGINT NOT NULL DEFAULT 0,            -- how often it was deferred
  not_before BIGINT NOT NULL DEFAULT 0,
  outcome TEXT NOT NULL DEFAULT '',            -- the last verdict
  code TEXT NOT NULL DEFAULT '', reason_ja TEXT NOT NULL DEFAULT '', reason_en TEXT NOT NULL DEFAULT '',
  decided_at BIGINT NOT NULL DEFAULT 0,
  decisions BIGINT NOT NULL DEFAULT 0,        -- the peer's count when it decided: tells what a restored peer lost
  PRIMARY KEY(peer, epoch, seq)
);
CREATE INDEX x_out_ready ON x_out(peer, epoch, seq) WHERE state = 'ready';
CREATE INDEX x_out_stuck ON x_out(peer, state, epoch, seq) WHERE state IN ('parked', 'held', 'deferred');
CREATE INDEX x_out_key ON x_out(key1, peer, epoch, seq);
CREATE INDEX x_out_trace ON x_out(trace);

-- The other keys of messages that have more than key1. Few have.
CREATE TABLE x_out_more(
  peer TEXT NOT NULL, skey TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL,
  PRIMARY KEY(peer, skey, epoch, seq)
);

-- The keys of our messages that have not been applied though they were decided upon: later ones wait for them.
CREATE TABLE x_out_hold(
  peer TEXT NOT NULL, skey TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL,
  PRIMARY KEY(peer, skey, epoch, seq)
);

-- The inbox (受信箱): what was decided about each message that came.
CREATE TABLE x_in(
  peer TEXT NOT NULL, node TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  kind TEXT NOT NULL,
  key1 TEXT NOT NULL,
  trace TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  batch BIGINT NOT NULL,            -- x_batch: the signature that covers it
  envelope BYTEA NOT NULL DEFAULT '',          -- kept while it is parked, held or deferred
  outcome TEXT NOT NULL,
  code TEXT NOT NULL DEFAULT '', reason_ja TEXT NOT NULL DEFAULT '', reason_en TEXT NOT NULL DEFAULT '',
  received_at BIGINT NOT NULL,
  decided_at BIGINT NOT NULL,
  PRIMARY KEY(peer, node, epoch, seq)
);
CREATE INDEX x_in_stuck ON x_in(peer, outcome, epoch, seq) WHERE outcome IN ('rejected', 'gap', 'held', 'deferred');
CREATE INDEX x_in_key ON x_in(key1, received_at);
CREATE INDEX x_in_trace ON x_in(trace);

CREATE TABLE x_in_hold(
  peer TEXT NOT NULL, skey TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL,
  PRIMARY KEY(peer, skey, epoch, seq)
);

-- Evidence: what the sender signed. The hashes are those of the batch's envelopes, 32 bytes each, in order.
CREATE TABLE x_batch(
  peer TEXT NOT NULL, id BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  head BYTEA NOT NULL, signature BYTEA NOT NULL, certificate BYTEA NOT NULL, hashes BYTEA NOT NULL,
  PRIMARY KEY(peer, id)
);

-- What people wrote to each other about a message (問合せ・回答).
CREATE TABLE x_note(
  dir TEXT NOT NULL, peer TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL, -- the message it is about
  n BIGINT NOT NULL,
  at BIGINT NOT NULL,
  author TEXT NOT NULL,             -- organisation
  act TEXT NOT NULL, body TEXT NOT NULL, by_person TEXT NOT NULL, second_person TEXT NOT NULL,
  PRIMARY KEY(dir, peer, epoch, seq, n)
);

-- A resolution that one person proposed and that waits for a second.
CREATE TABLE x_proposal(
  dir TEXT NOT NULL, peer TEXT NOT NULL, epoch BIGINT NOT NULL, seq BIGINT NOT NULL,
  act TEXT NOT NULL, body TEXT NOT NULL, by_person TEXT NOT NULL, at BIGINT NOT NULL,
  PRIMARY KEY(dir, peer, epoch, seq)
);
