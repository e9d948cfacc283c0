-- Moves that are closed by hand: one person proposes with what was found out, another approves. Rows are added and decided once.
-- What one person had found out before this had no outcome that could be told: it is found out anew.
DROP TABLE move_closing;
CREATE TABLE move_closing(
  id BIGINT NOT NULL PRIMARY KEY,
  move TEXT NOT NULL,
  outcome TEXT NOT NULL,               -- registered, unmade
  unknown BOOLEAN NOT NULL,            -- whether the other end has a record by this move, it was not found out
  said TEXT NOT NULL,                  -- what was found out, and with whom
  seen TEXT NOT NULL,                  -- where the move stood; it is closed only as it was seen
  proposed_at BIGINT NOT NULL, proposed_by TEXT NOT NULL,
  decided_at BIGINT NOT NULL,          -- 0: not yet
  decided_by TEXT NOT NULL,
  approved BOOLEAN NOT NULL
);
CREATE INDEX move_closing_move ON move_closing(move);
CREATE INDEX move_closing_open ON move_closing(id) WHERE decided_at = 0;
