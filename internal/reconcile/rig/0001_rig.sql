-- The state of an organisation that the conformance kit makes up.
CREATE TABLE rig_state(
  k TEXT NOT NULL PRIMARY KEY,
  n BIGINT NOT NULL,             -- of the fact
  v BYTEA NOT NULL,              -- 32 bytes: the value of the entry
  how TEXT NOT NULL              -- what looking at it does
);

-- Copies that cannot be compared with.
CREATE TABLE rig_bad(
  peer TEXT NOT NULL PRIMARY KEY,
  how TEXT NOT NULL
);
