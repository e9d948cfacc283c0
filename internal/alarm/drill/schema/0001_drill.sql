-- A drill: what was done, when its alarms were seen where (0: not yet), and what is left of it.
CREATE TABLE alarm_drill(
  id TEXT NOT NULL PRIMARY KEY,
  peer TEXT NOT NULL, by_person TEXT NOT NULL,
  begun_at BIGINT NOT NULL, ended_at BIGINT NOT NULL,
  state TEXT NOT NULL,              -- running, held, failed
  webhook BOOLEAN NOT NULL,         -- there was somebody to be told
  poison TEXT NOT NULL,             -- the message
  poison_screen BIGINT NOT NULL, poison_metric BIGINT NOT NULL, poison_webhook BIGINT NOT NULL,
  poison_left BOOLEAN NOT NULL,     -- the message is still to be taken out
  tries BIGINT NOT NULL,            -- how often it was withdrawn
  loss BOOLEAN NOT NULL,            -- the book of drills is held with the peer
  loss_screen BIGINT NOT NULL, loss_metric BIGINT NOT NULL, loss_webhook BIGINT NOT NULL,
  loss_left BOOLEAN NOT NULL,       -- the entry is still in the book: the state of which the book is the projection
  over_at BIGINT NOT NULL           -- nothing is left, and its alarms are over; 0: not yet
);
CREATE INDEX alarm_drill_over ON alarm_drill(id) WHERE over_at = 0;
CREATE INDEX alarm_drill_left ON alarm_drill(peer, id) WHERE loss_left;
CREATE INDEX alarm_drill_begun ON alarm_drill(begun_at);

-- When drills were first to be held here: one that was never held is missed, too.
CREATE TABLE alarm_drill_first(
  at BIGINT NOT NULL PRIMARY KEY
);
