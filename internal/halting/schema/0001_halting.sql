-- Orders by which issuing documents is stopped (発行の停止), and lifted. At the national center an order is first proposed; elsewhere a row is what was told.
CREATE TABLE issuing_halt(
  halt TEXT NOT NULL PRIMARY KEY,
  told_by TEXT NOT NULL,               -- the organisation; at the one that orders it, itself
  version TEXT NOT NULL,               -- of the program that may not issue; empty: every program
  from_at BIGINT NOT NULL,             -- 0: from the approval on
  reason TEXT NOT NULL, by_whom TEXT NOT NULL,
  heard_at BIGINT NOT NULL,            -- when it was approved, or told; 0: it is proposed only
  proposed_at BIGINT NOT NULL, proposed_by TEXT NOT NULL, credential TEXT NOT NULL,
  cause TEXT NOT NULL,                 -- what was found and done, by whoever proposes to lift it
  lift_at BIGINT NOT NULL,             -- when that was proposed; 0: nobody has
  lift_by TEXT NOT NULL, lift_credential TEXT NOT NULL,
  lifted_at BIGINT NOT NULL,           -- 0: it lasts
  lifted_by TEXT NOT NULL
);
CREATE INDEX issuing_halt_open ON issuing_halt(halt) WHERE lifted_at = 0;
CREATE INDEX issuing_halt_order ON issuing_halt(proposed_at);
-- Which version of the program each issuing server runs, as it said last.
CREATE TABLE issuing_program(server TEXT NOT NULL PRIMARY KEY, program TEXT NOT NULL, at BIGINT NOT NULL);
