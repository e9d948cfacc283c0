-- Moves to another municipality that exchanges with us (転出), one row for each person.
CREATE TABLE move_out(
  move TEXT NOT NULL PRIMARY KEY,      -- our code, a hyphen, a number
  family TEXT NOT NULL,                -- common to those who move by one notice
  person BIGINT NOT NULL,
  code TEXT NOT NULL,
  to_code TEXT NOT NULL,               -- the new municipality
  planned TEXT NOT NULL, filed TEXT NOT NULL,
  special BOOLEAN NOT NULL,            -- 特例転入: by the card, without a certificate on paper
  state TEXT NOT NULL,                 -- planned, left, cancelling, cancelled, settled, unfiled, voided
  present BOOLEAN NOT NULL,            -- of cancelling: the record had not been deleted
  version BIGINT NOT NULL,             -- that the other end was told last
  moved_on TEXT NOT NULL,              -- as the notice of moving in says; empty: none has come
  settled_at BIGINT NOT NULL,          -- 0: open
  filed_at BIGINT NOT NULL, filed_by TEXT NOT NULL,
  trace TEXT NOT NULL,
  why_ja TEXT NOT NULL, why_en TEXT NOT NULL
);
CREATE INDEX move_out_person ON move_out(person);
CREATE INDEX move_out_code ON move_out(code);
CREATE INDEX move_out_open ON move_out(planned) WHERE settled_at = 0;

-- Moves to us, as the old municipality told of them (転出証明書情報), or as a certificate on paper did.
CREATE TABLE move_in(
  move TEXT NOT NULL PRIMARY KEY,      -- the old municipality's; of a certificate on paper "paper-" and a number
  family TEXT NOT NULL,
  from_code TEXT NOT NULL,
  code TEXT NOT NULL,
  version BIGINT NOT NULL,
  planned TEXT NOT NULL, filed TEXT NOT NULL,
  special BOOLEAN NOT NULL, special_void BOOLEAN NOT NULL,
  state TEXT NOT NULL,                 -- planned, left, early, registered, void, paper, differs
  body BYTEA NOT NULL,                 -- the information as it came; emptied when the move is settled
  person BIGINT NOT NULL,              -- 0: not registered
  became TEXT NOT NULL, registered TEXT NOT NULL, first BIGINT NOT NULL,
  arrived_at BIGINT NOT NULL,
  settled_at BIGINT NOT NULL,          -- 0: open
  by_person TEXT NOT NULL,             -- who registered
  trace TEXT NOT NULL,
  reason TEXT NOT NULL,                -- why a certificate on paper was typed in
  why_ja TEXT NOT NULL, why_en TEXT NOT NULL
);
CREATE INDEX move_in_family ON move_in(family);
CREATE INDEX move_in_code ON move_in(code);
CREATE INDEX move_in_open ON move_in(planned) WHERE settled_at = 0;

-- What we told other municipalities of moves, and they us. Rows are added and never changed: both ends hold the same.
CREATE TABLE move_told(
  peer TEXT NOT NULL,
  told BOOLEAN NOT NULL,               -- by us; else to us
  fact TEXT NOT NULL,                  -- its key in the book
  leaving BOOLEAN NOT NULL,            -- resident.moveout; else resident.movein
  move TEXT NOT NULL, step TEXT NOT NULL,
  code TEXT NOT NULL, version BIGINT NOT NULL,
  day TEXT NOT NULL, filed TEXT NOT NULL,
  special BOOLEAN NOT NULL,
  at BIGINT NOT NULL, trace TEXT NOT NULL,
  PRIMARY KEY(peer, told, fact)
);
CREATE INDEX move_told_move ON move_told(move);
