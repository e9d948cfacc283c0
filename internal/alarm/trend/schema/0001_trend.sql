-- What is usual in one hour. A slot is an hour of a weekday, 0 to 167 from Sunday midnight, or, 168 and above, an hour of
-- any day; both in Japanese time; or -1, which stands for the series as such. Mean and spread are in thousandths.
CREATE TABLE alarm_trend(
  slot BIGINT NOT NULL, measure TEXT NOT NULL, peer TEXT NOT NULL, kind TEXT NOT NULL,
  n BIGINT NOT NULL,                -- hours learned
  mean BIGINT NOT NULL,
  dev BIGINT NOT NULL,              -- mean distance from the mean
  learned BIGINT NOT NULL,          -- the last hour that was learned, so that none is learned twice
  PRIMARY KEY(slot, measure, peer, kind)
);
