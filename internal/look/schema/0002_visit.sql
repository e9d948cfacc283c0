-- The visit under which somebody looks, one for each operator; the last one stays when it is over, so that it can be taken up again.
CREATE TABLE look_visit(
  operator TEXT PRIMARY KEY,
  purpose TEXT NOT NULL, case_ref TEXT NOT NULL,
  opened_at BIGINT NOT NULL, closed_at BIGINT NOT NULL  -- 0: it is not closed
);
