-- An alarm, from the moment when its condition was first seen. What is pending has not lasted long enough to be told.
CREATE TABLE alarm(
  id BIGINT NOT NULL PRIMARY KEY,
  source TEXT NOT NULL,             -- whose signals it stands for: when the source fails, nothing is known about it
  code TEXT NOT NULL, peer TEXT NOT NULL, about TEXT NOT NULL,
  drill BOOLEAN NOT NULL,
  severity TEXT NOT NULL,
  state TEXT NOT NULL,              -- pending, open, closed
  since BIGINT NOT NULL,            -- when it began to be so
  opened_at BIGINT NOT NULL,        -- 0: pending
  seen_at BIGINT NOT NULL,          -- when it was last seen to be so; written once a minute
  gone_at BIGINT NOT NULL,          -- when it was first seen to be over, 0: it is not
  closed_at BIGINT NOT NULL,        -- 0: not closed
  value BIGINT NOT NULL, worst BIGINT NOT NULL,
  detail_ja TEXT NOT NULL, detail_en TEXT NOT NULL, href TEXT NOT NULL,
  told_opened_at BIGINT NOT NULL,   -- when the webhook's receiver acknowledged the opening, the closing; 0: it did not
  told_closed_at BIGINT NOT NULL
);
CREATE INDEX alarm_active ON alarm(code, peer, about) WHERE state <> 'closed';
CREATE INDEX alarm_closed ON alarm(closed_at, id) WHERE state = 'closed';

-- Counts that outlive the program: of the alarms that the webhook was not told because its queue was full.
CREATE TABLE alarm_count(
  name TEXT NOT NULL PRIMARY KEY,
  n BIGINT NOT NULL
);
