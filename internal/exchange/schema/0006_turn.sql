-- Whose turn it is to send, where several nodes of an organisation share these rows.
CREATE TABLE x_turn(
  one BIGINT NOT NULL PRIMARY KEY, -- 1
  turn BIGINT NOT NULL,            -- counts whenever another node takes over
  node BIGINT NOT NULL,            -- that has it
  beat BIGINT NOT NULL             -- counts as long as that node lives
);
