-- Certificates that must be over by now, from the change that ended them until somebody has said that they are.
CREATE TABLE still_valid(
  issuer TEXT NOT NULL, serial TEXT NOT NULL,
  trace TEXT NOT NULL,              -- under which the change is followed
  changed_at BIGINT NOT NULL, ask_at BIGINT NOT NULL,
  state TEXT NOT NULL,              -- waiting: nobody has answered; valid: the last answer
  asks BIGINT NOT NULL,             -- answers so far
  PRIMARY KEY(issuer, serial)
);
CREATE INDEX still_valid_state ON still_valid(state, changed_at);
