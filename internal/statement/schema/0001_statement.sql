-- Up to which close the work has been handed out. Before first nothing is expected.
CREATE TABLE s_turn(
  span TEXT NOT NULL PRIMARY KEY,   -- day, week
  first BIGINT NOT NULL, until BIGINT NOT NULL
);

-- A statement that is expected, or has come (日締め・週締め).
CREATE TABLE s_statement(
  peer TEXT NOT NULL,
  dir TEXT NOT NULL,                -- out: of our stream to the peer; in: of the peer's to us
  span TEXT NOT NULL,
  until BIGINT NOT NULL,            -- the close
  state TEXT NOT NULL,              -- waiting, agreed, explained, unexplained, covered (by a later one)
  sender_at BIGINT NOT NULL DEFAULT 0, receiver_at BIGINT NOT NULL DEFAULT 0, -- when we had each side's account; 0: not yet
  judged_at BIGINT NOT NULL DEFAULT 0,
  seen BIGINT NOT NULL DEFAULT 0,   -- 1: a round was signed since it was found unexplained
  PRIMARY KEY(peer, dir, span, until)
);
CREATE INDEX s_statement_waiting ON s_statement(until) WHERE state = 'waiting';
CREATE INDEX s_statement_unseen ON s_statement(peer, until) WHERE state = 'unexplained' AND seen = 0;

-- The signed accounts. A side that was restored from a copy may give a second one; the last holds, all are kept.
CREATE TABLE s_account(
  peer TEXT NOT NULL, dir TEXT NOT NULL, span TEXT NOT NULL, until BIGINT NOT NULL,
  side TEXT NOT NULL,               -- sender, receiver: of the stream
  made_at BIGINT NOT NULL,
  to_epoch BIGINT NOT NULL, to_seq BIGINT NOT NULL, -- the cut
  account BYTEA NOT NULL, signature BYTEA NOT NULL, certificate BYTEA NOT NULL,
  PRIMARY KEY(peer, dir, span, until, side, made_at)
);

-- The operator's round (日次業務). Whoever signs a day again adds to it.
CREATE TABLE s_round(
  day BIGINT NOT NULL,              -- 0:00 in Japan
  n BIGINT NOT NULL,
  at BIGINT NOT NULL,
  person TEXT NOT NULL, name_ja TEXT NOT NULL, name_en TEXT NOT NULL,
  findings TEXT NOT NULL,
  looked TEXT NOT NULL,             -- what there was to be looked at, JSON
  PRIMARY KEY(day, n)
);
